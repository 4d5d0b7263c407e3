-- One call of a key: what is known of it, every check, the counters and the log entry, in one step.
--
-- KEYS: 1 the key's record, 2 the log (stream). ARGV: 1 scopes and 2 features asked for (words), 3 the user or '',
-- 4 usage of `requests`, 5 this month's name, 6 its end (ms), 7 the request's id, 8 what else the log keeps.
-- Answers lines: code, wait in ms, remaining calls, their reset (ms), used, status, and the record's two rendered parts.

local SLACK_MS = 3600000 -- how long a quota's counter stays after its month

local kept = redis.call('GET', KEYS[1])
if not kept then return 'NOT_FOUND' end
local r = cmsgpack.unpack(kept)

local time = redis.call('TIME')
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = math.floor(now_us / 1000)

local status = 'active'
if r.license_revoked then status = 'revoked'
elseif r.license_suspended then status = 'suspended'
elseif now < r.starts_at then status = 'pending'
elseif r.license_expires_at and now >= r.license_expires_at then status = 'expired'
end

local function lacks(words, granted)
  for word in string.gmatch(words, '%S+') do
    if not granted[word] then return true end
  end
  return false
end

local code = 'VALID'
if r.key_revoked then code = 'KEY_REVOKED'
elseif r.key_suspended then code = 'KEY_SUSPENDED'
elseif r.key_expires_at and now >= r.key_expires_at then code = 'KEY_EXPIRED'
elseif status == 'revoked' then code = 'LICENSE_REVOKED'
elseif status == 'suspended' then code = 'LICENSE_SUSPENDED'
elseif status == 'pending' then code = 'LICENSE_PENDING'
elseif status == 'expired' then code = 'LICENSE_EXPIRED'
elseif r.user and r.user ~= ARGV[3] then code = 'USER_MISMATCH'
elseif lacks(ARGV[1], r.scopes) then code = 'SCOPE_MISSING'
elseif lacks(ARGV[2], r.features) then code = 'FEATURE_NOT_ENTITLED'
end

-- The rate limit is a GCRA; both counters are looked at before either is charged.
local rate_key, used_key = 'peer:rate:' .. r.license, 'peer:used:' .. r.license .. ':' .. ARGV[5]
local tat = tonumber(redis.call('GET', rate_key) or 0)
local used, cost = tonumber(redis.call('GET', used_key) or 0), tonumber(ARGV[4])
local step = r.period * 1000000 / r.rate
local tolerance = step * r.burst
if tat < now_us then tat = now_us end
local wait = tat + step - tolerance - now_us
if code == 'VALID' and wait > 0 then code = 'RATE_LIMITED' end
if code == 'VALID' and cost > 0 and used + cost > r.quota then code = 'QUOTA_EXCEEDED' end

if code == 'VALID' then
  tat = tat + step
  redis.call('SET', rate_key, string.format('%.3f', tat), 'PX', math.ceil((tat - now_us) / 1000) + 1)
  local after = redis.call('INCRBY', used_key, cost)
  if used == 0 then redis.call('PEXPIREAT', used_key, tonumber(ARGV[6]) + SLACK_MS) end
  used = after
end

redis.call('XADD', KEYS[2], '*', 'call', cmsgpack.pack({
  ARGV[7], now_us, r.environment, r.customer, r.license, r.key, r.plan, r.version, code, cost, ARGV[1], ARGV[2],
  r.revision, ARGV[8]
}))

local remaining = math.floor((tolerance - (tat - now_us)) / step)
if remaining < 0 then remaining = 0 end
return table.concat({
  code, string.format('%.0f', wait / 1000), remaining, string.format('%.0f', math.ceil(tat / 1000)), used, status,
  r.before, r.after
}, '\n')
