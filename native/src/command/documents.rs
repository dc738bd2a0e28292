//! snarkjs's proof.json and public.json, byte for byte as `zkmargin groth16 prove` writes them.

use ark_ff::PrimeField;
use num_bigint::BigUint;

use super::SCALAR;
use crate::instance::{Fq, G1, G2};
use crate::prove::prover::Elements;

/// Affine coordinates in decimal; in G2 each is two numbers, c0 first.
pub fn proof(Elements { a, b, c }: &Elements<G1, G2>) -> String {
    let [a, c] = [a, c].map(|point| list(1, &[decimal(&point.x), decimal(&point.y), quoted("1")]));
    let [x, y] = [&b.x, &b.y].map(|pair| list(2, &[decimal(&pair.c0), decimal(&pair.c1)]));
    let b = list(1, &[x, y, list(2, &[quoted("1"), quoted("0")])]);
    format!(
        "{{\n  \"pi_a\": {a},\n  \"pi_b\": {b},\n  \"pi_c\": {c},\n  \"protocol\": \"groth16\",\n  \"curve\": \"bn128\"\n}}\n"
    )
}

/// The public inputs, as canonical bytes one after the other.
pub fn public(inputs: &[u8]) -> String {
    let numbers: Vec<String> =
        inputs.chunks_exact(SCALAR).map(|bytes| quoted(&BigUint::from_bytes_le(bytes).to_string())).collect();
    list(0, &numbers) + "\n"
}

/// A list on lines of its own, inside so many others.
fn list(depth: usize, items: &[String]) -> String {
    if items.is_empty() {
        return "[]".to_owned();
    }
    let [inner, outer] = [depth + 1, depth].map(|depth| "\n".to_owned() + &"  ".repeat(depth));
    format!("[{inner}{}{outer}]", items.join(&format!(",{inner}")))
}

fn decimal(value: &Fq) -> String {
    quoted(&BigUint::from(value.into_bigint()).to_string())
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use ark_ec::short_weierstrass::Affine;
    use ark_ec::AffineRepr;
    use ark_ff::{BigInteger, One};

    use super::*;
    use crate::instance::Fr;

    #[test]
    fn a_proof_has_snarkjs_members_in_its_order() {
        let (g, h) = (Affine::<G1>::generator(), Affine::<G2>::generator());
        let expected = r#"{
  "pi_a": [
    "1",
    "2",
    "1"
  ],
  "pi_b": [
    [
      "10857046999023057135944570762232829481370756359578518086990519993285655852781",
      "11559732032986387107991004021392285783925812861821192530917403151452391805634"
    ],
    [
      "8495653923123431417604973247489272438418190587263600148770280649306958101930",
      "4082367875863433681332203403145435568316851327593401208105741076214120093531"
    ],
    [
      "1",
      "0"
    ]
  ],
  "pi_c": [
    "1",
    "21888242871839275222246405745257275088696311157297823662689037894645226208581",
    "1"
  ],
  "protocol": "groth16",
  "curve": "bn128"
}
"#;
        assert_eq!(proof(&Elements { a: g, b: h, c: -g }), expected);
    }

    #[test]
    fn public_inputs_are_decimal() {
        let largest = (-Fr::one()).into_bigint().to_bytes_le();
        assert_eq!(public(&[]), "[]\n");
        assert_eq!(public(&[0; 32]), "[\n  \"0\"\n]\n");
        assert_eq!(
            public(&[largest, 33u64.to_le_bytes().to_vec(), vec![0; 24]].concat()),
            "[\n  \"21888242871839275222246405745257275088548364400416034343698204186575808495616\",\n  \"33\"\n]\n"
        );
    }
}
