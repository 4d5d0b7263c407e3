-- Replaces the state ARGV[1] by ARGV[2], unless it has been replaced already.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end
