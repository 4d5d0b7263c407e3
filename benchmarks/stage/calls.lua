-- wrk's side: each request is one of the prepared ones, by chance; the figures come out as one line of JSON.
-- Arguments: a file with the requests, each preceded by its length in a line; how long a connection rests, in ms.

local requests, count = {}, 0

function init(args)
  local file = assert(io.open(args[1], 'rb'))
  while true do
    local length = file:read('*l')
    if not length then break end
    count = count + 1
    requests[count] = file:read(tonumber(length))
  end
  file:close()
  math.randomseed(os.time())
  local mean = tonumber(args[2])
  -- wrk rests if there is such a function. Whole milliseconds: what is cut off now is added to the next.
  local owed = 0
  if mean then
    function delay()
      owed = owed - mean * math.log(1 - math.random())
      local now = math.floor(owed)
      owed = owed - now
      return now
    end
  end
end

function request()
  return requests[math.random(count)]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    'FIGURES {"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"p50_us":%.1f,"p99_us":%.1f}\n',
    summary.requests, summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
