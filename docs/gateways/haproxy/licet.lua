-- `http-request lua.licet <scopes> <usage>`: asks Licet whether a call may pass, and answers those that may not.
-- Scopes and usage as in the headers `Licet-Scopes` and `Licet-Usage`; `-` for none. From the environment: LICET_URL
-- and LICET_SECRET_KEY.

local url = os.getenv("LICET_URL") .. "/forward-auth/"
local secret_key = os.getenv("LICET_SECRET_KEY")
local wait_ms = 1000

-- Of what the caller sent only this goes on to Licet.
local presented = { "authorization", "x-api-key", "dpop" }
-- Who calls, for the upstream; and what a refused caller is told.
local identity = {
  "licet-code", "licet-request-id", "licet-key-id", "licet-license-id", "licet-customer-id", "licet-plan", "licet-scopes",
}
local refusal = {
  "content-type", "cache-control", "www-authenticate", "retry-after", "ratelimit", "ratelimit-policy", "request-id",
}

local function question(txn, scopes, usage)
  local asked = {
    ["licet-secret-key"] = { secret_key },
    -- Where no answer comes in time, HAProxy's client asks three times more; named, the call still counts once. (Newer
    -- ones have `httpclient.retries 0`; then leave this out, and Licet need not remember each call for ten minutes.)
    ["licet-idempotency-key"] = { txn.f:uuid() },
    ["x-forwarded-for"] = { txn.f:src() },
    ["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" },
    ["x-forwarded-method"] = { txn.f:method() },
    ["x-forwarded-uri"] = { txn.f:pathq() },
  }
  if scopes ~= "-" then asked["licet-scopes"] = { scopes } end
  if usage ~= "-" then asked["licet-usage"] = { usage } end
  local sent = txn.http:req_get_headers()
  for _, name in ipairs(presented) do
    local values = sent[name]
    if values then
      asked[name] = {}
      for place = 0, #values do table.insert(asked[name], values[place]) end
    end
  end
  if sent["host"] then asked["x-forwarded-host"] = { sent["host"][0] } end
  return asked
end

-- Codes in capitals are verdicts on the caller. All else is between HAProxy and Licet (no answer, a wrong secret key),
-- and the caller can only come back later.
local function is_verdict(answer)
  local code = answer and answer.headers and answer.headers["licet-code"]
  return code ~= nil and string.match(code[0], "^[A-Z]") ~= nil
end

local function refuse(txn, answer)
  local reply = txn:reply()
  if is_verdict(answer) then
    reply:set_status(answer.status)
    for _, name in ipairs(refusal) do
      local values = answer.headers[name]
      if values then reply:add_header(name, values[0]) end
    end
    reply:set_body(answer.body)
  else
    reply:set_status(503)
    reply:add_header("content-type", "application/problem+json")
    reply:add_header("cache-control", "no-store")
    reply:set_body('{"title":"Not available now","status":503,"code":"unavailable"}')
  end
  txn:done(reply)
end

core.register_action("licet", { "http-req" }, function(txn, scopes, usage)
  local answer = core.httpclient():get({ url = url, headers = question(txn, scopes, usage), timeout = wait_ms })
  if not is_verdict(answer) or answer.status ~= 200 then
    return refuse(txn, answer)
  end
  for _, name in ipairs(identity) do
    txn.http:req_set_header(name, answer.headers[name][0])
  end
  txn:set_var("txn.licet_passed", true)
end, 2)
