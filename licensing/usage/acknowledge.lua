-- Takes entries out of the log that are in the ledger now. Doing it twice changes nothing.
-- KEYS: 1 the log, 2 how many calls it holds undrained, 3 the last entry that was acknowledged.
-- ARGV: 1 the consumer group, 2 the last of these entries, then for each its id and how many calls it holds.

-- An id's two numbers are too long for a double together.
local function numbers(id)
  local milliseconds, sequence = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(milliseconds), tonumber(sequence)
end

local function is_later(id, than)
  local a, b = numbers(id)
  local c, d = numbers(than)
  return a > c or (a == c and b > d)
end

local gone = 0
for i = 3, #ARGV, 2 do
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
  if redis.call('XDEL', KEYS[1], ARGV[i]) == 1 then gone = gone + tonumber(ARGV[i + 1]) end
end
-- An empty log holds no calls, whatever was counted of entries that nobody could read.
if redis.call('XLEN', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[2])
elseif gone > 0 and redis.call('DECRBY', KEYS[2], gone) < 0 then
  redis.call('SET', KEYS[2], 0)
end
local last = redis.call('GET', KEYS[3])
if not last or is_later(ARGV[2], last) then redis.call('SET', KEYS[3], ARGV[2]) end
