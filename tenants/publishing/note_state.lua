-- Replaces the state ARGV[1] by ARGV[2], unless it has been replaced already. Returns whether it did.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
