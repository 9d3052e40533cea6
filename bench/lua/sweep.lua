-- Executes `add` of each of COUNT modules once (ids are PREFIX0 to PREFIX<COUNT-1>) and ends when the last is answered.
-- For one thread. Arguments: PREFIX COUNT.
local prefix, count
local asked, answered, refused = 0, 0, 0

function init(args)
  prefix, count = args[1], tonumber(args[2])
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  local number = asked % count
  asked = asked + 1
  return wrk.format("POST", "/wasm/" .. prefix .. number, nil, '{"function":"add","args":[2,40]}')
end

function response(status)
  if status == 200 then answered = answered + 1 else refused = refused + 1 end
  if answered + refused >= count then
    print("ANSWERED " .. answered)
    io.stdout:flush()
    os.exit(0)
  end
end
