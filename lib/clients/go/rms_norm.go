// RMSNorm in Go: it answers questions on stdin, as reports/published/protocol.md describes them.
//
//	go build rms_norm.go
//	plumbline verify --spec ../cpp/rms_norm.json --no-grads -- ./rms_norm
package main

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"os"
)

type tensor struct {
	Dtype   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

func floats(data []byte, t tensor) []float32 {
	x := make([]float32, (t.Offsets[1]-t.Offsets[0])/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[t.Offsets[0]+4*i:]))
	}
	return x
}

func rmsNorm(x, gain []float32) {
	d := len(gain)
	for row := 0; row < len(x); row += d {
		var square float32
		for _, v := range x[row : row+d] {
			square += v * v
		}
		factor := 1 / float32(math.Sqrt(float64(square/float32(d)+1e-6)))
		for j := range gain {
			x[row+j] *= factor * gain[j]
		}
	}
}

// The header of the answer, to be written as JSON, and its data.
func answer(question []byte) (any, []byte) {
	length := binary.LittleEndian.Uint64(question)
	var entries map[string]json.RawMessage
	var metadata map[string]string
	var x, gain tensor
	must(json.Unmarshal(question[8:8+length], &entries))
	must(json.Unmarshal(entries["__metadata__"], &metadata))
	must(json.Unmarshal(entries["x"], &x))
	must(json.Unmarshal(entries["norm.weight"], &gain))
	if x.Dtype != "F32" || metadata["want"] != "y" {
		return map[string]any{"__metadata__": map[string]string{"unsupported": "float32 and y alone"}}, nil
	}
	data := question[8+length:]
	y := floats(data, x)
	rmsNorm(y, floats(data, gain))
	out := make([]byte, 0, 4*len(y))
	for _, v := range y {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return map[string]tensor{"y": {"F32", x.Shape, [2]int{0, len(out)}}}, out
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	var length uint64
	for binary.Read(os.Stdin, binary.LittleEndian, &length) == nil {
		question := make([]byte, length)
		_, err := io.ReadFull(os.Stdin, question)
		must(err)
		header, data := answer(question)
		text, err := json.Marshal(header)
		must(err)
		frame := binary.LittleEndian.AppendUint64(nil, uint64(8+len(text)+len(data)))
		frame = binary.LittleEndian.AppendUint64(frame, uint64(len(text)))
		_, err = os.Stdout.Write(append(append(frame, text...), data...))
		must(err)
	}
}
