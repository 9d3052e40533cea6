-- Executes `add` of modules chosen evenly. Arguments: ID_PREFIX COUNT (ids are PREFIX0 to PREFIX<COUNT-1>).
dofile(os.getenv("BENCH_LUA") .. "/summary.lua")

local prefix, count

function init(args)
  prefix, count = args[1], tonumber(args[2])
  wrk.headers["Content-Type"] = "application/json"
  math.randomseed(os.time())
end

function request()
  return wrk.format("POST", "/wasm/" .. prefix .. math.random(0, count - 1), nil, '{"function":"add","args":[2,40]}')
end
