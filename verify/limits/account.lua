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

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

-- Rate limits: [key, limit, step, step's ticks, tolerance, tolerance's ticks, mark], see gcra.py. A state is a TAT.
local rates = {}

local function keep(rate, tat)
  local life = string.format('%.0f', math.ceil((tat[1] - now) / 1000) + 1)
  redis.call('SET', rate[1], struct.pack('>ddd', tat[1], tat[2], rate[7]), 'PX', life)
  return tat
end

function rates.look(rate)
  local kept = redis.call('GET', rate[1])
  if not kept then return {now, 0} end
  local whole, ticks, mark = struct.unpack('>ddd', kept)
  if whole < now then return {now, 0} end
  if mark == rate[7] then return {whole, ticks} end
  if ticks >= rate[2] then ticks = rate[2] - 1 end
  local most, beyond = now + rate[5], rate[6]
  if whole > most or (whole == most and ticks > beyond) then whole, ticks = most, beyond end
  return keep(rate, {whole, ticks})
end

function rates.following(rate, tat)
  local whole, ticks = tat[1] + rate[3], tat[2] + rate[4]
  if ticks >= rate[2] then return {whole + 1, ticks - rate[2]} end
  return {whole, ticks}
end

function rates.refuse(rate, tat)
  local after = rates.following(rate, tat)
  local ahead = after[1] - now
  return ahead > rate[5] or (ahead == rate[5] and after[2] > rate[6])
end

function rates.charge(rate, tat)
  return keep(rate, rates.following(rate, tat))
end

-- Quotas: [key, cost, limit, 1 to deny, when the counter may go (ms) or 0]. A state is what was used.
local quotas = {}

function quotas.look(quota)
  return tonumber(redis.call('GET', quota[1]) or '0')
end

function quotas.refuse(quota, used)
  return quota[4] == 1 and quota[2] > 0 and used + quota[2] > quota[3]
end

function quotas.charge(quota, used)
  if quota[2] == 0 then return used end
  local after = redis.call('INCRBY', quota[1], string.format('%.0f', quota[2]))
  if used == 0 and quota[5] > 0 then redis.call('PEXPIREAT', quota[1], string.format('%.0f', quota[5])) end
  return after
end

-- In the order of their precedence. What else a call may use up (credits, reservations) is one more stage here and one
-- more list in a call: all are looked at before any is charged. What is recorded afterwards is charged to those that add
-- up usage; a rate is about the moment.
local STAGES = {
  {of = rates, at = 5, code = LIMITED},
  {of = quotas, at = 6, code = EXCEEDED, records = true},
}

local function each(stage, call, act, states)
  local found = {}
  for n, asked in ipairs(call[stage.at]) do found[n] = act(asked, states and states[n]) end
  return found
end

local function refused(call, states)
  for n, stage in ipairs(STAGES) do
    for _, no in ipairs(each(stage, call, stage.of.refuse, states[n])) do
      if no then return stage.code end
    end
  end
  return nil
end

local function counted(call)
  local states = {}
  for n, stage in ipairs(STAGES) do states[n] = each(stage, call, stage.of.look) end
  local code = ADMITTED
  if call[1] == ENFORCED then
    code = refused(call, states) or ADMITTED
    if code == ADMITTED then
      for n, stage in ipairs(STAGES) do states[n] = each(stage, call, stage.of.charge, states[n]) end
    end
  elseif call[1] == RECORDED then
    for n, stage in ipairs(STAGES) do
      if stage.records then states[n] = each(stage, call, stage.of.charge, states[n]) end
    end
  end
  return {code, states[1], states[2]}
end

local function outcome_of(call, ready)
  local mode, record, fingerprint = call[1], call[2], call[3]
  local kept = record ~= '' and redis.call('GET', record)
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
    redis.call('SET', record, first, 'PX', REMEMBER_MS)
  end
  return outcome
end

for n = 5, #ARGV do redis.call('PEXPIRE', ARGV[n], ANSWERED_MS) end
local before = redis.call('GET', KEYS[4])
if before then return before end
if tonumber(redis.call('GET', KEYS[3]) or '0') >= tonumber(ARGV[3]) then return cmsgpack.pack(nil) end

local calls, outcomes = cmsgpack.unpack(ARGV[1]), {}
local ready = redis.call('EXISTS', KEYS[2]) == 1
if not ready then
  for _, call in ipairs(calls) do
    if call[1] == RECORDED then return cmsgpack.pack(nil) end -- it is brought again, and nobody waits for it
  end
end
for n, call in ipairs(calls) do outcomes[n] = outcome_of(call, ready) end
local told = cmsgpack.pack({now, outcomes})
redis.call('XADD', KEYS[1], '*', 'calls', ARGV[2], 'outcomes', told)
redis.call('INCRBY', KEYS[3], #calls)
redis.call('SET', KEYS[4], told, 'PX', ARGV[4])
return told
