-- Every message goes back as it came.
function on_message(data, conn)
    conn:send(data["data"], data["type"])
end
