-- Stores COUNT different modules called PREFIX0, PREFIX1, ... and ends when the last is answered: wrk itself would sit
-- out its time. For one thread. Arguments: BODY_FILE COUNT PREFIX.
local body, prefix, count
local asked, stored, refused = -1, 0, 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  body = file:read("*a")
  file:close()
  count, prefix = tonumber(args[2]), args[3]
  wrk.headers["Content-Type"] = "application/wasm"
end

function request()
  if asked < 0 then  -- wrk looks at one request, which it does not send
    asked = 0
    return wrk.format("GET", "/healthz")
  end
  if asked >= count then return wrk.format("GET", "/healthz") end
  local bytes = body .. string.format("\0\18\1u%016x", asked)
  local path = "/wasm?function=add&id=" .. prefix .. asked
  asked = asked + 1
  return wrk.format("POST", path, nil, bytes)
end

function response(status)
  if status == 201 then stored = stored + 1 end
  if status >= 400 then refused = refused + 1 end
  if stored + refused >= count then
    print("STORED " .. stored)
    io.stdout:flush()
    os.exit(0)
  end
end
