-- The empty database: at the first start after roles.sql, and again before a dump is restored.
CREATE DATABASE licet OWNER licet_owner TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE licet FROM PUBLIC;
GRANT CONNECT ON DATABASE licet TO licet_app, licet_sweep;
