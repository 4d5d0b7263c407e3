-- Sets the mark if the token is still there: counters of a store that was emptied meanwhile are not those of the ledger.
-- KEYS: 1 the `ready` mark, 2 the token, 3 the last entry that was acknowledged.
-- ARGV: 1 the token, 2 the last entry that is in the tables, 3 what the mark says. Gives whether it did.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[3], ARGV[2])
redis.call('SET', KEYS[1], ARGV[3])
return 1
