-- Gives each call its turn: KEYS[1] holds when the next one may go, in microseconds of Redis's own clock.
-- ARGV: microseconds between two calls, the longest wait. Gives the wait in microseconds, or -1 for too long a wait.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local turn = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
if turn - now > tonumber(ARGV[2]) then
    return -1
end
redis.call('SET', KEYS[1], string.format('%.0f', turn + tonumber(ARGV[1])), 'PX', 60000)
return turn - now
