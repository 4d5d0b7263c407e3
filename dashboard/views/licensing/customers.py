"""The list of customers, the page of one with its licenses, and its forms."""

from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.forms.customers import CustomerForm
from dashboard.forms.filters import CustomerFilter
from dashboard.once import Made
from dashboard.shown import shown_license
from dashboard.views.asking import ASKED_AND_DONE, ask, back_to, settled, typed
from dashboard.views.licensing.subjects import customer_of
from dashboard.views.lists import page_of
from dashboard.views.propagation import told
from dashboard.views.viewer import Viewer, for_members
from licensing.actions.customers import change_customer, create_customer
from licensing.models import Customer
from licensing.queries import licenses
from tenants import clock
from tenants.tenancy import tenant_transaction


@require_safe
@for_members("customers:read")
def customer_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    sought = CustomerFilter(request.GET)
    with tenant_transaction(viewer.environment.organization_id):
        rows = sought.narrow(Customer.objects.within(viewer.environment))
        page = page_of(request, rows, salt=f"customers:{viewer.environment.id}")
    return render(request, "licensing/customers/list.html", {"filter": sought, "customers": page.rows, "page": page})


@require_safe
@for_members("customers:read")
def customer_page(request: HttpRequest, viewer: Viewer, customer_id: UUID) -> HttpResponse:
    now, row = clock.now(), customer_of(viewer, customer_id)
    with tenant_transaction(viewer.environment.organization_id):
        found = licenses.with_details(viewer.environment, now).filter(customer=customer_id)
        page = page_of(request, found, salt=f"licenses:{customer_id}")
    context = {"customer": row, "licenses": [shown_license(one, now) for one in page.rows], "page": page}
    return render(request, "licensing/customers/customer.html", context)


@ASKED_AND_DONE
@for_members("customers:write")
def new_customer(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    def done(made: Made) -> HttpResponse:
        return settled(request, viewer, "The customer is created.", "customer", made.id)

    return ask(
        request,
        viewer,
        CustomerForm(typed(request)),
        template="licensing/customers/new.html",
        action=create_customer,
        done=done,
        back=back_to(viewer, "Customers", "customers"),
    )


@ASKED_AND_DONE
@for_members("customers:write")
def customer_change(request: HttpRequest, viewer: Viewer, customer_id: UUID) -> HttpResponse:
    row = customer_of(viewer, customer_id)
    known = {name: getattr(row, name) for name in CustomerForm.base_fields}

    def done(made: Made) -> HttpResponse:
        return settled(request, viewer, f"The customer is changed. {told(made)}", "customer", customer_id)

    return ask(
        request,
        viewer,
        CustomerForm(typed(request), initial=known),
        template="licensing/customers/change.html",
        action=partial(change_customer, customer_id),
        done=done,
        customer=row,
        back=back_to(viewer, row.name, "customer", customer_id),
        seen=row,
    )
