-- Stores modules of which each is different: the body with a custom section that carries a number.
-- Arguments: BODY_FILE FIRST_NUMBER.
dofile(os.getenv("BENCH_LUA") .. "/summary.lua")

-- The request is put together once: of a large body, each further copy would cost the client, which shares the cores with
-- the server, as much as the server needs to hash it.
local request_but_number, number

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local body = file:read("*a")
  file:close()
  number = tonumber(args[2]) - 1
  wrk.headers["Content-Type"] = "application/wasm"
  local first = wrk.format("POST", "/wasm?function=add", nil, body .. string.format("\0\18\1u%016x", 0))
  request_but_number = first:sub(1, -17)
end

function request()
  number = number + 1
  return request_but_number .. string.format("%016x", number)
end
