-- SPDX-License-Identifier: GPL-3.0-or-later
-- What wrk asks for: N users who think between two requests. Their number is that of wrk's connections; how long they think
-- follows one day squeezed into LENGTH seconds, low at night and highest in the afternoon (hour 15 of 24).
local LENGTH = 240
local USERS = 80
local PEAK_PER_S, LOW = 55, 0.25

-- route, weight: proportions of the traffic section of prisma.yaml, dashboard, settlement and settings raised so that a few
-- minutes hold some hundred of each
local routes = {
    {"/portal/agents", 26}, {"/portal/statements", 14},
    {"/dashboard/summary", 6}, {"/settlement/runs", 3}, {"/settings/secrets", 1},
}
local total = 0
for _, route in ipairs(routes) do total = total + route[2] end

local began

function init()
    math.randomseed(7)
    began = os.time()
end

function request()
    local left = math.random() * total
    for _, route in ipairs(routes) do
        left = left - route[2]
        if left <= 0 then
            return wrk.format("GET", route[1] .. "?id=" .. math.random(100000), {["Accept-Encoding"] = "gzip"})
        end
    end
    return wrk.format("GET", routes[1][1], {["Accept-Encoding"] = "gzip"})
end

-- milliseconds: exponential, so that many users together make a Poisson process
function delay()
    local hour = 24 * (os.time() - began) / LENGTH
    local wave = (1 + math.cos(2 * math.pi * (hour - 15) / 24)) / 2
    local per_s = PEAK_PER_S * (LOW + (1 - LOW) * wave)
    return math.floor(-math.log(1 - math.random()) * 1000 * USERS / per_s)
end
