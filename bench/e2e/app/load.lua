-- Sends one request again and again. Arguments: <method> <path> <content type> <content> <cookie>; `-` for none.

function init(args)
  local function given(i)
    return args[i] ~= "-" and args[i] or nil
  end
  wrk.method = args[1]
  wrk.path = args[2]
  if given(3) then
    wrk.headers["Content-Type"] = args[3]
    wrk.body = args[4]
  end
  if given(5) then
    wrk.headers["Cookie"] = args[5]
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  local form = '{"requests":%d,"microseconds":%d,"bytes":%d,"status":%d,"broken":%d,"p50":%d,"p99":%d}\n'
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(form, summary.requests, summary.duration, summary.bytes, errors.status, broken,
    latency:percentile(50), latency:percentile(99)))
end
