-- Writes of every kind: of ten requests eight store a new module, one changes a stored one, one deletes another. All code
-- differs. For one thread. Arguments: BODY_FILE LAG: changed and deleted is what was stored LAG requests ago, which must be
-- answered by then.
dofile(os.getenv("BENCH_LUA") .. "/summary.lua")

local body, lag
local number = -1

function init(args)
  local file = assert(io.open(args[1], "rb"))
  body = file:read("*a")
  file:close()
  lag = tonumber(args[2])
  wrk.headers["Content-Type"] = "application/wasm"
end

local function code(tag)
  return body .. string.format("\0\18\1%s%016x", tag, number)
end

local function path(id)
  return string.format("/wasm/m%012d", id)
end

function request()
  if number < 0 then  -- wrk looks at one request, which it does not send
    number = 0
    return wrk.format("GET", "/healthz")
  end
  number = number + 1
  local old = number - lag
  if old > 0 and number % 10 == 0 then return wrk.format("DELETE", path(old - 1)) end  -- stored with 9 at its end
  if old > 0 and number % 10 == 5 then return wrk.format("PUT", path(old - 1), nil, code("p")) end  -- with 4
  return wrk.format("POST", string.format("/wasm?function=add&id=m%012d", number), nil, code("u"))
end
