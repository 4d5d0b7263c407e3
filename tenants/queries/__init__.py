"""Reading tenancy; nothing here changes anything."""
