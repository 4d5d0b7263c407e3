-- Generic cell rate algorithm: KEYS[1] holds the theoretical arrival time in microseconds of Redis's own clock.
-- ARGV: calls per second. Gives {admitted, calls left, microseconds until one more is admitted, until all are}.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local per_second = tonumber(ARGV[1])
local interval = 1000000 / per_second
local arrival = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
local next_arrival = arrival + interval
local early = next_arrival - now - 1000000
if early > 0 then
    return {0, 0, math.ceil(early), math.ceil(arrival - now)}
end
redis.call('SET', KEYS[1], string.format('%.0f', next_arrival), 'PX', 2000)
return {1, math.floor(-early / interval), 0, math.ceil(next_arrival - now)}
