-- `POST /v1/verify` by hand: JSON in, HMAC of the key, one EVALSHA (account.lua), JSON out with the bytes of Licet's answer.
--
-- What the load does not use it does not have (allowed addresses, batches, idempotency, tokens); that is in its favour.

local ffi = require "ffi"
local bit = require "bit"
local cjson = require "cjson.safe"
local new_tab = require "table.new"

ffi.cdef [[
typedef struct evp_md_st EVP_MD;
const EVP_MD *EVP_sha256(void);
unsigned char *HMAC(const EVP_MD *md, const void *key, int key_len, const unsigned char *data, size_t count,
                    unsigned char *out, unsigned int *length);
int RAND_bytes(unsigned char *out, int count);
]]

local C = ffi.C
local tcp, now_of, update_time = ngx.socket.tcp, ngx.now, ngx.update_time
local byte, sub, find, format, char = string.byte, string.sub, string.find, string.format, string.char
local concat, floor, date = table.concat, math.floor, os.date

local M = {}
local settings, sha256
local digest, random = ffi.new "unsigned char[32]", ffi.new "unsigned char[16]"

local DETAILS = {
    NOT_FOUND = "This key is not known here; check that it is complete.",
    KEY_REVOKED = "This key was revoked; issue a new one.",
    KEY_SUSPENDED = "This key is suspended; reinstate it or use another.",
    KEY_EXPIRED = "This key has expired; issue or rotate to a new one.",
    LICENSE_REVOKED = "The license was revoked; a new license is needed.",
    LICENSE_SUSPENDED = "The license is suspended; ask the vendor to reinstate it.",
    LICENSE_PENDING = "The license has not started yet; wait for its start.",
    LICENSE_EXPIRED = "The license has expired; renew it.",
    USER_MISMATCH = "This key belongs to another user; send `user` or use their own key.",
    SCOPE_MISSING = "The key lacks a scope.",
    FEATURE_NOT_ENTITLED = "The plan does not grant a feature.",
    RATE_LIMITED = "Too many calls for the rate limit calls; wait for `retry_after` seconds.",
    QUOTA_EXCEEDED = "This would use more than the quota of requests (month); wait for its reset or take a larger plan.",
}

local function unhex(text)
    return (text:gsub("%x%x", function(pair) return char(tonumber(pair, 16)) end))
end

function M.set_up(given)
    settings = given
    settings.pepper = unhex(given.pepper)
    settings.scope = "key\0" .. given.environment .. "\0lc1\0"
    sha256 = C.EVP_sha256()
end

-- Hex of the HMAC-SHA-256, two letters at a time from a table.
local HEX = new_tab(0, 256)
for value = 0, 255 do HEX[value] = format("%02x", value) end
local hex_parts = new_tab(32, 0)

local function keyed(text)
    local message = settings.scope .. text
    C.HMAC(sha256, settings.pepper, #settings.pepper, message, #message, digest, nil)
    for n = 0, 31 do hex_parts[n + 1] = HEX[digest[n]] end
    return concat(hex_parts)
end

local BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
local SPELLED = "^[a-z0-9]{1,16}_(?:test|live)_lc[0-9A-Za-z]{36}$"

-- A typing error is refused without asking Redis.
local function is_spelled_right(key)
    if not ngx.re.find(key, SPELLED, "jo") then return false end
    local number = ngx.crc32_long(sub(key, 1, -7))
    for place = #key, #key - 5, -1 do
        local digit = number % 62
        if byte(key, place) ~= byte(BASE62, digit + 1) then return false end
        number = (number - digit) / 62
    end
    return true
end

local CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
local letters = new_tab(26, 0)
local LETTER = new_tab(32, 0)
for n = 0, 31 do LETTER[n] = sub(CROCKFORD, n + 1, n + 1) end

-- `req_` and a UUIDv7's shape: 48 bits of milliseconds, the rest random.
local function request_id(now)
    C.RAND_bytes(random, 16)
    for place = 10, 1, -1 do
        local rest = now % 32
        letters[place] = LETTER[rest]
        now = (now - rest) / 32
    end
    for n = 0, 15 do letters[n + 11] = LETTER[bit.band(random[n], 31)] end
    return "req_" .. concat(letters)
end

-- Many calls fall into the same second: its text is made once.
local second_of, second_text = -1, ""

local function rfc3339(ms)
    local second = floor(ms / 1000)
    if second ~= second_of then second_of, second_text = second, date("!%Y-%m-%dT%H:%M:%S", second) end
    return format("%s.%03dZ", second_text, ms % 1000)
end

local month_ends, month_name, month_ends_text = 0, "", ""

local function turn_month(ms)
    local today = date("!*t", floor(ms / 1000))
    month_name = format("%04d-%02d", today.year, today.month)
    local year, month = today.year, today.month + 1
    if month == 13 then year, month = year + 1, 1 end
    -- Days since 1970 of the first of the next month (Howard Hinnant's days_from_civil).
    local y = month <= 2 and year - 1 or year
    local era = floor(y / 400)
    local yoe = y - era * 400
    local doy = floor((153 * (month + (month > 2 and -3 or 9)) + 2) / 5)
    local doe = yoe * 365 + floor(yoe / 4) - floor(yoe / 100) + doy
    month_ends = (era * 146097 + doe - 719468) * 86400000
    month_ends_text = date("!%Y-%m-%dT%H:%M:%S", month_ends / 1000) .. ".000Z"
end

local function refuse(status, code, detail)
    ngx.status = status
    ngx.header["Content-Type"] = "application/problem+json"
    ngx.print(cjson.encode { status = status, code = code, detail = detail })
end

local MEMBERS = { key = "string", scopes = "table", features = "table", usage = "table", user = "string",
    ip = "string", resource = "string", method = "string" }

-- The members are known and of their types; lists hold texts, usage whole numbers. Nil and a sentence otherwise.
local function parse(body)
    local asked = cjson.decode(body)
    if type(asked) ~= "table" then return nil, "The body is a JSON object." end
    for name, value in pairs(asked) do
        if type(value) ~= MEMBERS[name] then return nil, name .. " is not what verify takes." end
    end
    local scopes, features, usage = asked.scopes or {}, asked.features or {}, asked.usage or { requests = 1 }
    for n = 1, #scopes do
        if type(scopes[n]) ~= "string" then return nil, "scopes is not what verify takes." end
    end
    for n = 1, #features do
        if type(features[n]) ~= "string" then return nil, "features is not what verify takes." end
    end
    for meter, amount in pairs(usage) do
        if meter ~= "requests" then return nil, "There is no such meter." end
        if type(amount) ~= "number" or amount < 0 or amount > 1e12 or amount % 1 ~= 0 then
            return nil, "usage is not what verify takes."
        end
    end
    return asked, concat(scopes, " "), concat(features, " "), usage.requests or 0
end

local command = new_tab(40, 0)

-- One round trip on a kept connection; nil and why otherwise.
local function evalsha(record, words)
    local sock = tcp()
    sock:settimeout(1000)
    local ok, err = sock:connect(settings.socket)
    if not ok then return nil, err end
    command[1] = "*13\r\n$7\r\nEVALSHA\r\n$40\r\n" .. settings.script .. "\r\n$1\r\n2\r\n$"
    command[2], command[3], command[4] = #record, "\r\n", record
    command[5] = "\r\n$8\r\npeer:log\r\n"
    for n = 1, 8 do
        local word, at = words[n], 2 + n * 4
        command[at], command[at + 1], command[at + 2], command[at + 3] = "$", #word, "\r\n", word .. "\r\n"
    end
    ok, err = sock:send(command)
    if not ok then return nil, err end
    local line
    line, err = sock:receive("*l")
    if not line then return nil, err end
    if byte(line) ~= 36 then -- '$'
        sock:close()
        return nil, line
    end
    local told
    told, err = sock:receive(tonumber(sub(line, 2)) + 2)
    if not told then return nil, err end
    sock:setkeepalive(60000, 128)
    return sub(told, 1, -3)
end

local function send(body)
    local header = ngx.header
    header["Cache-Control"] = "no-store"
    header["Content-Length"] = #body
    ngx.print(body)
end

local function tell_unknown(id, at)
    ngx.header["Request-Id"] = id
    send('{"valid":false,"code":"NOT_FOUND","request_id":"' .. id .. '","decided_at":"' .. at
        .. '","detail":"' .. DETAILS.NOT_FOUND .. '"}')
end

local function warnings(used)
    if used > 1000000 then return '["OVER_LIMIT"]' end
    if used > 0 and 80 * 1000000 <= 100 * used then return '["QUOTA_NEAR"]' end
    return "[]"
end

-- The lines of account.lua as the answer that Licet gives.
local function tell(told, id, at)
    local lines, from = new_tab(8, 0), 1
    for n = 1, 7 do
        local to = find(told, "\n", from, true)
        lines[n], from = sub(told, from, to - 1), to + 1
    end
    local code, valid, used = lines[1], lines[1] == "VALID", tonumber(lines[5])
    local detail = ""
    if not valid then
        detail = ',"detail":"' .. DETAILS[code] .. '"'
        if code == "RATE_LIMITED" then detail = detail .. ',"retry_after":' .. lines[2] / 1000 end
    end
    local body = concat {
        '{"valid":', valid and "true" or "false", ',"code":"', code, '","request_id":"', id, '","decided_at":"', at, '"',
        detail, lines[7], lines[6], sub(told, from),
        ',"warnings":', warnings(used),
        ',"rate_limits":[{"name":"calls","limit":600,"remaining":', lines[3], ',"reset_at":"', rfc3339(tonumber(lines[4])),
        '"}],"quotas":[{"meter":"requests","period":"month","per":"license","limit":1000000,"used":', used,
        ',"remaining":', 1000000 - used, ',"resets_at":"', month_ends_text, '","overage":"deny"}],"revision":1}',
    }
    ngx.header["Request-Id"] = id
    send(body)
end

function M.answer()
    if ngx.req.get_method() ~= "POST" then return refuse(405, "method_not_allowed", "Use POST here.") end
    if ngx.var.http_authorization ~= settings.secret_key then
        return refuse(401, "invalid_secret_key", "Send `Authorization: Bearer lsk_…` with a secret key that is in force.")
    end
    ngx.req.read_body()
    local body = ngx.req.get_body_data()
    if not body then return refuse(400, "invalid_request", "Send a body.") end
    local asked, scopes, features, cost = parse(body)
    if not asked then return refuse(400, "invalid_request", scopes) end
    local ms = floor(now_of() * 1000)
    if ms >= month_ends then turn_month(ms) end
    local id, at = request_id(ms), rfc3339(ms)
    if not asked.key or not is_spelled_right(asked.key) then return tell_unknown(id, at) end
    local also = (asked.ip or "") .. " " .. (asked.method or "") .. " " .. (asked.resource or "")
    local words = {
        scopes, features, asked.user or "", format("%d", cost), month_name, format("%d", month_ends), id, also,
    }
    local told, why = evalsha("peer:key:" .. keyed(asked.key), words)
    if not told then
        ngx.log(ngx.ERR, "Redis: ", why)
        return refuse(503, "unavailable", "The counters cannot be reached now; try again shortly.")
    end
    if told == "NOT_FOUND" then return tell_unknown(id, at) end
    return tell(told, id, at)
end

return M
