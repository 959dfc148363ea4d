-- Every message goes to topic `bench`; bench/queue_worker.cpp sends it back.
function on_message(data, conn)
    local n, err = mix.queue.push("bench", { frame = data })
    if err then
        conn:send("queue push error: " .. err)
    end
end
