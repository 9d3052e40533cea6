-- Stores modules of which each is different: the body with a custom section that carries a number.
-- Arguments: BODY_FILE FIRST_NUMBER COUNT ID_PREFIX. COUNT 0: until the time is over; else stops after as many
-- answers (so use one thread). With an ID_PREFIX other than "-" the modules are called PREFIX<number>.
dofile(os.getenv("BENCH_LUA") .. "/summary.lua")

local body, number, left, prefix

function init(args)
  local file = assert(io.open(args[1], "rb"))
  body = file:read("*a")
  file:close()
  number = tonumber(args[2]) - 1
  left = tonumber(args[3])
  if left == 0 then left = nil end
  prefix = args[4] ~= "-" and args[4] or nil
  wrk.headers["Content-Type"] = "application/wasm"
end

function request()
  number = number + 1
  local path = "/wasm?function=add"
  if prefix then path = path .. "&id=" .. prefix .. number end
  return wrk.format("POST", path, nil, body .. string.format("\0\18\1u%016x", number))
end

function response()
  if left then
    left = left - 1
    if left <= 0 then wrk.thread:stop() end
  end
end
