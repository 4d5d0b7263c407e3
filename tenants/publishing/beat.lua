-- Stores the time, in microseconds by this clock, unless that was done less than ARGV[1] of them ago.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local last = tonumber(redis.call('GET', KEYS[1]) or 0) or 0
if now - last >= tonumber(ARGV[1]) or last > now then redis.call('SET', KEYS[1], string.format('%.0f', now)) end
