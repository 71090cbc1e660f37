// RMSNorm in Rust, without a crate: it answers questions on stdin, as reports/published/protocol.md describes them.
//   rustc --edition 2021 -O rms_norm.rs
//   plumbline verify --spec ../cpp/rms_norm.json --no-grads -- ./rms_norm
use std::io::{self, Read, Write};

/// What stands between `key` and the first `]`, in the entry of a tensor: its numbers. Quotes of JSON within the
/// metadata are escaped, so that "x": is found where an entry begins and nowhere else.
fn numbers(header: &str, tensor: &str, key: &str) -> Vec<usize> {
    let entry = &header[header.find(&format!("\"{tensor}\":")).expect(tensor)..];
    let list = &entry[entry.find(&format!("\"{key}\":[")).expect(key) + key.len() + 4..];
    list[..list.find(']').expect("]")].split(',').map(|n| n.trim().parse().expect("a number")).collect()
}

fn floats(header: &str, data: &[u8], tensor: &str) -> Vec<f32> {
    let at = numbers(header, tensor, "data_offsets");
    data[at[0]..at[1]].chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

fn rms_norm(x: &mut [f32], gain: &[f32]) {
    for row in x.chunks_exact_mut(gain.len()) {
        let square: f32 = row.iter().map(|v| v * v).sum();
        let factor = 1.0 / (square / gain.len() as f32 + 1e-6).sqrt();
        row.iter_mut().zip(gain).for_each(|(v, g)| *v *= factor * g);
    }
}

fn answer(question: &[u8]) -> (String, Vec<u8>) {
    let length = u64::from_le_bytes(question[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&question[8..8 + length]).expect("UTF-8");
    let data = &question[8 + length..];
    if !header.contains("\"dtype\":\"F32\"") || !header.contains("\"want\":\"y\"") {
        return (r#"{"__metadata__":{"unsupported":"float32 and y alone"}}"#.into(), vec![]);
    }
    let mut x = floats(header, data, "x");
    rms_norm(&mut x, &floats(header, data, "norm.weight"));
    let shape = numbers(header, "x", "shape");
    (
        format!(r#"{{"y":{{"dtype":"F32","shape":{shape:?},"data_offsets":[0,{}]}}}}"#, 4 * x.len()),
        x.iter().flat_map(|v| v.to_le_bytes()).collect(),
    )
}

fn main() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut length = [0; 8];
    while input.read_exact(&mut length).is_ok() {
        let mut question = vec![0; u64::from_le_bytes(length) as usize];
        input.read_exact(&mut question)?;
        let (header, data) = answer(&question);
        output.write_all(&((8 + header.len() + data.len()) as u64).to_le_bytes())?;
        output.write_all(&(header.len() as u64).to_le_bytes())?;
        output.write_all(header.as_bytes())?;
        output.write_all(&data)?;
        output.flush()?;
    }
    Ok(())
}
