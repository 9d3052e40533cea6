-- The same request over and over. Arguments: METHOD CONTENT_TYPE BODY_FILE ACCEPT ("-" for none).
dofile(os.getenv("BENCH_LUA") .. "/summary.lua")

function init(args)
  wrk.method = args[1]
  if args[2] ~= "-" then wrk.headers["Content-Type"] = args[2] end
  if args[3] ~= "-" then
    local file = assert(io.open(args[3], "rb"))
    wrk.body = file:read("*a")
    file:close()
  end
  if args[4] ~= "-" then wrk.headers["Accept"] = args[4] end
end
