-- Draws a user and one of the user's tasks for each request, with the user's own token.
-- Arguments: file of tokens, method, path, body, id prefix, first id, number of tasks.

local threads = 0

function setup(thread)
   threads = threads + 1
   thread:set("number", threads)
end

-- The parts of a request that do not depend on the task are built once per user.
function init(args)
   local tokens, method, path, body = args[1], args[2], args[3], args[4]
   prefix, first, tasks = args[5], tonumber(args[6]), tonumber(args[7])
   heads, tails = {}, {}
   for token in io.lines(tokens) do
      local user = tostring(#heads + 1)
      local headers = "Host: " .. wrk.host .. "\r\nAuthorization: Bearer " .. token .. "\r\n"
      if body ~= "" then
         headers = headers .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n"
      end
      local text = method .. " " .. path:gsub("{user}", user) .. " HTTP/1.1\r\n" .. headers .. "\r\n" .. body
      local head, tail = text:match("^(.-){task}(.*)$")
      heads[#heads + 1] = head or text
      tails[#heads] = tail
   end
   math.randomseed(os.time() * 16 + number)
end

function request()
   local user = math.random(#heads)
   if not tails[user] then return heads[user] end
   return heads[user] .. prefix .. (first + 1000 * user + math.random(tasks)) .. tails[user]
end

-- Prints one line for the program that started wrk.
function done(summary, latency)
   local errors = summary.errors
   io.write(string.format("result requests=%d microseconds=%d refused=%d broken=%d p50=%d p99=%d\n",
      summary.requests, summary.duration, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(99)))
end
