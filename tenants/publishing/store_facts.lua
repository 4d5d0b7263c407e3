-- Stores facts, each only if newer than what is held: KEYS[i] gets (epoch, revision, data) from ARGV. Empty data: there
-- shall be none of that name any more.
-- ARGV[1] is 1 in a repair: then only a fact of the same epoch and a higher revision stays.
-- Returns the indexes (from 1) of those that gave way to what is held.
local repair, gave_way = ARGV[1] == '1', {}
for i, key in ipairs(KEYS) do
  local epoch, revision, data = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), ARGV[3 * i + 1]
  local held = redis.pcall('GET', key)
  local newer = false
  if type(held) == 'string' then
    local readable, fact = pcall(cmsgpack.unpack, held)
    if readable and type(fact) == 'table' and type(fact[1]) == 'number' and type(fact[2]) == 'number' then
      newer = fact[1] == epoch and fact[2] > revision or not repair and fact[1] > epoch
    end
  end
  if newer then
    gave_way[#gave_way + 1] = i
  elseif data == '' then
    redis.call('DEL', key)
  elseif held ~= data then
    redis.call('SET', key, data)
  end
end
return gave_way
