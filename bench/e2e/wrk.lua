-- Drives one scenario and prints one line of JSON. Arguments: get <path> | pipeline <path> <count> | post <path> <octets>

local batch

function init(args)
  local path = args[2]
  if args[1] == "post" then
    wrk.method = "POST"
    wrk.body = string.rep("x", tonumber(args[3]))
    wrk.headers["Content-Type"] = "application/octet-stream"
  elseif args[1] == "pipeline" then
    local requests = {}
    for i = 1, tonumber(args[3]) do
      requests[i] = wrk.format("GET", path)
    end
    batch = table.concat(requests)
  end
  wrk.path = path
  -- A `request` function of our own makes wrk call Lua for each request: only where it must.
  if batch then
    request = function()
      return batch
    end
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  local form = '{"requests":%d,"microseconds":%d,"bytes":%d,"status":%d,"broken":%d,"p50":%d,"p99":%d}\n'
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(form, summary.requests, summary.duration, summary.bytes, errors.status, broken,
    latency:percentile(50), latency:percentile(99)))
end
