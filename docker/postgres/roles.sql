-- The database roles, each with its own password, made once by an administrator:
--
--   LICET_SECRETS=docker/secrets psql -f docker/postgres/roles.sql postgres
--
-- docker/compose.yaml does it at the first start. `manage.py prepare` finds them and makes the rest.
\set ON_ERROR_STOP on
\set owner `cat "${LICET_SECRETS:-/run/secrets}/licet_owner_password"`
\set app `cat "${LICET_SECRETS:-/run/secrets}/licet_app_password"`
\set sweep `cat "${LICET_SECRETS:-/run/secrets}/licet_sweep_password"`
SELECT '' IN (:'owner', :'app', :'sweep') AS missing \gset
\if :missing
DO $$ BEGIN RAISE 'A role has no password; make them with docker/make_secrets.sh and name its directory.'; END $$;
\endif

CREATE ROLE licet_owner LOGIN PASSWORD :'owner';
CREATE ROLE licet_app LOGIN NOINHERIT PASSWORD :'app';
CREATE ROLE licet_sweep LOGIN NOINHERIT BYPASSRLS PASSWORD :'sweep';
CREATE ROLE licet_lookup NOLOGIN NOINHERIT;
GRANT licet_lookup TO licet_owner;
