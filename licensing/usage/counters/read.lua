-- What counters hold, all as of one moment. KEYS: the counters. Gives Redis's time in µs, then a value each.
local time = redis.call('TIME')
local found = {time[1] .. string.format('%06d', time[2])}
for i, key in ipairs(KEYS) do found[i + 1] = redis.call('GET', key) or '0' end
return found
