-- Stores the state ARGV[2] if the rebuild's token ARGV[1] is still there: a store that was emptied meanwhile is not whole.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], ARGV[2])
return 1
