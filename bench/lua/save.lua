-- Stores modules of which each is different: the body with a custom section that carries a number.
-- Arguments: BODY_FILE FIRST_NUMBER.
dofile(os.getenv("BENCH_LUA") .. "/summary.lua")

local body, number

function init(args)
  local file = assert(io.open(args[1], "rb"))
  body = file:read("*a")
  file:close()
  number = tonumber(args[2]) - 1
  wrk.headers["Content-Type"] = "application/wasm"
end

function request()
  number = number + 1
  return wrk.format("POST", "/wasm?function=add", nil, body .. string.format("\0\18\1u%016x", number))
end
