"""The same job in nginx and Lua: nginx.conf and verify.lua at the door, account.lua in Redis."""
