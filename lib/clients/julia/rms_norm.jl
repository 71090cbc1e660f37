# RMSNorm in Julia, without a package: it answers questions on stdin, as reports/published/protocol.md describes them.
#   plumbline verify --spec ../cpp/rms_norm.json --no-grads -- julia rms_norm.jl

# What stands between `key` and the first `]`, in the entry of a tensor: its numbers. Quotes of JSON within the metadata
# are escaped, so that "x": is found where an entry begins and nowhere else.
function numbers(header, tensor, key)
    entry = split(header, "\"$tensor\":", limit = 2)[2]
    list = split(entry, "\"$key\":[", limit = 2)[2]
    return parse.(Int, split(first(split(list, ']')), ','))
end

function floats(header, data, tensor)
    from, to = numbers(header, tensor, "data_offsets")
    return ltoh.(reinterpret(Float32, data[from+1:to]))
end

# One token a column: safetensors store rows one after the other, Julia columns.
function rms_norm(x, gain)
    factor = 1 ./ sqrt.(sum(abs2, x, dims = 1) ./ Float32(length(gain)) .+ 1f-6)
    return x .* factor .* gain
end

function answer(question)
    length = ltoh(reinterpret(UInt64, question[1:8])[1])
    header, data = String(question[9:8+length]), question[9+length:end]
    if !occursin("\"dtype\":\"F32\"", header) || !occursin("\"want\":\"y\"", header)
        return """{"__metadata__":{"unsupported":"float32 and y alone"}}""", UInt8[]
    end
    gain = floats(header, data, "norm.weight")
    y = rms_norm(reshape(floats(header, data, "x"), size(gain, 1), :), gain)
    shape = join(numbers(header, "x", "shape"), ',')
    return """{"y":{"dtype":"F32","shape":[$shape],"data_offsets":[0,$(sizeof(y))]}}""",
    reinterpret(UInt8, htol.(vec(y)))
end

while !eof(stdin)
    question = read(stdin, ltoh(read(stdin, UInt64)))
    header, data = answer(question)
    write(stdout, htol(UInt64(8 + sizeof(header) + length(data))), htol(UInt64(sizeof(header))), header, data)
    flush(stdout)
end
