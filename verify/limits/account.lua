-- Decides and records in one step: a call is admitted if and only if it is in the log.
--
-- KEYS, all of one shard: 1 the log (stream), 2 the shard's `ready` mark, 3 how many calls the log holds undrained,
-- 4 what this batch came to, should it be sent again. The keys that ARGV names carry the same hash tag.
-- ARGV: 1 the calls (msgpack), 2 what the log keeps of them (opaque), 3 how many undrained calls there may be at most,
-- 4 for how many milliseconds this batch is remembered, and from 5 keys of batches whose answers have come.
-- Answers msgpack: nil if the calls cannot be taken now, else [now in µs, an outcome for each call].
--
-- A call is [mode, record, fingerprint, terms, rates, quotas]; an outcome is [code, rates, quotas], or
-- [REPEATED, terms, now, rates, quotas] of the first time. All numbers are whole and below 2^53, so doubles hold them.

-- Modes: refused by a rule already; admitted without use; to be counted; admitted already, without being asked.
local DENIED, SHOWN, ENFORCED, RECORDED = 0, 1, 2, 3
local ADMITTED, LIMITED, EXCEEDED, CONFLICT, REPEATED, NOT_READY = 0, 1, 2, 3, 4, 5

local REMEMBER_MS = 600000 -- an admission, for its Idempotency-Key
local ANSWERED_MS = 60000 -- a batch whose sender has its answer: it may still be under way once more

local MOST_USED = 9007199254740991 -- of one counter, 2^53 - 1
local LINGER_MS = 10000 -- a rate limit, which says nothing once it has passed: writing over it is cheaper than its end

local ask = redis.call

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

-- What the counters held when the batch came, and what its calls have made of them since: one read for all of them.
local held = {}

-- Rate limits: [key, limit, step, step's ticks, tolerance, tolerance's ticks, mark], see gcra.py. A state is a TAT.
local rates = {}

local function keep(rate, tat)
  local kept = struct.pack('>ddd', tat[1], tat[2], rate[7])
  ask('SET', rate[1], kept, 'PX', math.max(math.ceil((tat[1] - now) / 1000) + 1, LINGER_MS))
  held[rate[1]] = kept
  return tat
end

function rates.look(rate)
  local kept = held[rate[1]]
  if not kept then return {now, 0} end
  local whole, ticks, mark = struct.unpack('>ddd', kept)
  if whole < now then return {now, 0} end
  if mark == rate[7] then return {whole, ticks} end
  if ticks >= rate[2] then ticks = rate[2] - 1 end
  local most, beyond = now + rate[5], rate[6]
  if whole > most or (whole == most and ticks > beyond) then whole, ticks = most, beyond end
  return keep(rate, {whole, ticks})
end

local function following(rate, tat)
  local whole, ticks = tat[1] + rate[3], tat[2] + rate[4]
  if ticks >= rate[2] then return whole + 1, ticks - rate[2] end
  return whole, ticks
end

function rates.refuse(rate, tat)
  local whole, ticks = following(rate, tat)
  local ahead = whole - now
  return ahead > rate[5] or (ahead == rate[5] and ticks > rate[6])
end

function rates.charge(rate, tat)
  tat[1], tat[2] = following(rate, tat)
  return keep(rate, tat)
end

-- Quotas: [key, cost, limit, 1 to deny, when the counter may go (ms) or 0]. A state is what was used.
local quotas = {}

function quotas.look(quota)
  return tonumber(held[quota[1]]) or 0
end

function quotas.refuse(quota, used)
  return quota[4] == 1 and quota[2] > 0 and used + quota[2] > quota[3]
end

-- Nothing in here may fail: what the calls before it have charged would stay, and none of them would be logged. So a
-- counter stops at what a double holds; and one whose time is over, as a call that is brought late may find, is not kept.
function quotas.charge(quota, used)
  if quota[2] == 0 or used + quota[2] > MOST_USED then return used end
  if quota[5] > 0 and quota[5] * 1000 <= now then
    held[quota[1]] = used + quota[2]
    return used + quota[2]
  end
  local after = ask('INCRBY', quota[1], quota[2])
  if used == 0 and quota[5] > 0 then ask('PEXPIREAT', quota[1], quota[5]) end
  held[quota[1]] = after
  return after
end

-- In the order of their precedence. What else a call may use up (credits, reservations) is one more stage here and one
-- more list in a call: all are looked at before any is charged. What is recorded afterwards is charged to those that add
-- up usage; a rate is about the moment.
local STAGES = {
  {at = 5, code = LIMITED, look = rates.look, refuse = rates.refuse, charge = rates.charge},
  {at = 6, code = EXCEEDED, look = quotas.look, refuse = quotas.refuse, charge = quotas.charge, records = true},
}

local function looked(stage, call)
  local asked, look, states = call[stage.at], stage.look, {}
  for n = 1, #asked do states[n] = look(asked[n]) end
  return states
end

local function refuses(stage, call, states)
  local asked, refuse = call[stage.at], stage.refuse
  for n = 1, #asked do
    if refuse(asked[n], states[n]) then return true end
  end
  return false
end

local function charge(stage, call, states)
  local asked, act = call[stage.at], stage.charge
  for n = 1, #asked do states[n] = act(asked[n], states[n]) end
end

local function counted(call)
  local mode, outcome = call[1], {ADMITTED}
  for n, stage in ipairs(STAGES) do outcome[n + 1] = looked(stage, call) end
  if mode == ENFORCED then
    for n, stage in ipairs(STAGES) do
      if refuses(stage, call, outcome[n + 1]) then
        outcome[1] = stage.code
        return outcome
      end
    end
  end
  for n, stage in ipairs(STAGES) do
    if mode == ENFORCED or (mode == RECORDED and stage.records) then charge(stage, call, outcome[n + 1]) end
  end
  return outcome
end

local function outcome_of(call, ready)
  local mode, record, fingerprint = call[1], call[2], call[3]
  local kept = record ~= '' and ask('GET', record)
  if kept then
    local first = cmsgpack.unpack(kept)
    if first[1] == fingerprint then
      if mode ~= DENIED then return {REPEATED, first[2], first[3], first[4], first[5]} end
    elseif mode == RECORDED then
      record = '' -- it was answered as a call of its own
    else
      return {CONFLICT, {}, {}}
    end
  end
  if not ready and (#call[5] > 0 or #call[6] > 0) then return {NOT_READY, {}, {}} end
  local outcome = counted(call)
  if record ~= '' and mode ~= DENIED and outcome[1] == ADMITTED then
    local first = cmsgpack.pack({fingerprint, call[4], now, outcome[2], outcome[3]})
    ask('SET', record, first, 'PX', REMEMBER_MS)
  end
  return outcome
end

local MOST_NAMES = 1000 -- in one read: Lua's stack holds some thousand values

local function read(calls)
  local names = {}
  local function hold()
    local values = ask('MGET', unpack(names))
    for n = 1, #names do held[names[n]] = values[n] end
    names = {}
  end
  for _, call in ipairs(calls) do
    for _, stage in ipairs(STAGES) do
      local asked = call[stage.at]
      for n = 1, #asked do names[#names + 1] = asked[n][1] end
      if #names >= MOST_NAMES then hold() end
    end
  end
  if #names > 0 then hold() end
end

for n = 5, #ARGV do ask('PEXPIRE', ARGV[n], ANSWERED_MS) end
local before = ask('GET', KEYS[4])
if before then return before end
if tonumber(ask('GET', KEYS[3]) or '0') >= tonumber(ARGV[3]) then return cmsgpack.pack(nil) end

local calls, outcomes = cmsgpack.unpack(ARGV[1]), {}
local ready = ask('EXISTS', KEYS[2]) == 1
if not ready then
  for _, call in ipairs(calls) do
    if call[1] == RECORDED then return cmsgpack.pack(nil) end -- it is brought again, and nobody waits for it
  end
end
read(calls)
for n, call in ipairs(calls) do outcomes[n] = outcome_of(call, ready) end
local told = cmsgpack.pack({now, outcomes})
ask('XADD', KEYS[1], '*', 'calls', ARGV[2], 'outcomes', told)
ask('INCRBY', KEYS[3], #calls)
ask('SET', KEYS[4], told, 'PX', ARGV[4])
return told
