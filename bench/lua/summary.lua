-- Prints what wrk measured as one line of JSON, times in microseconds.
function done(summary, latency)
  local e = summary.errors
  print(string.format(
    'JSON {"requests":%d,"microseconds":%d,"p50":%.0f,"p90":%.0f,"p99":%.0f,"max":%.0f,"bytes":%.0f,' ..
    '"refused":%d,"failed":%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(90), latency:percentile(99),
    latency.max, summary.bytes, e.status, e.connect + e.read + e.write + e.timeout))
end
