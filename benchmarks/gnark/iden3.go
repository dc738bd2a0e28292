// iden3's .r1cs and .wtns as gnark's own constraint system and witness: every wire after the public ones is a secret
// input, so that the solver has nothing to find and only checks.

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/backend/witness"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
)

const elementBytes = 32

var errFile = errors.New("not a file this benchmark wrote")

// sections of an iden3 file, by their numbers.
func sections(path, magic string) (map[uint32][]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(data) < 12 || string(data[:4]) != magic {
		return nil, fmt.Errorf("%s: %w", path, errFile)
	}
	found := map[uint32][]byte{}
	rest := data[12:]
	for range binary.LittleEndian.Uint32(data[8:]) {
		if len(rest) < 12 {
			return nil, fmt.Errorf("%s: %w", path, errFile)
		}
		number, length := binary.LittleEndian.Uint32(rest), binary.LittleEndian.Uint64(rest[4:])
		if rest = rest[12:]; uint64(len(rest)) < length {
			return nil, fmt.Errorf("%s: %w", path, errFile)
		}
		found[number], rest = rest[:length], rest[length:]
	}
	return found, nil
}

func readSystem(path string) (*cs.R1CS, error) {
	parts, err := sections(path, "r1cs")
	if err != nil {
		return nil, err
	}
	header := parts[1][4+elementBytes:]
	word := func(i int) int { return int(binary.LittleEndian.Uint32(header[4*i:])) }
	wires, public, constraints := word(0), word(1)+word(2), word(6)
	system := cs.NewR1CS(constraints)
	system.AddPublicVariable("1")
	for range public {
		system.AddPublicVariable("")
	}
	for range wires - 1 - public {
		system.AddSecretVariable("")
	}
	gate := system.AddBlueprint(&constraint.BlueprintGenericR1C{})
	reader := termReader{system: system, rest: parts[2]}
	for range constraints {
		system.AddR1C(constraint.R1C{L: reader.next(), R: reader.next(), O: reader.next()}, gate)
	}
	return system, nil
}

type termReader struct {
	system *cs.R1CS
	rest   []byte
}

func (reader *termReader) next() constraint.LinearExpression {
	terms := make(constraint.LinearExpression, binary.LittleEndian.Uint32(reader.rest))
	reader.rest = reader.rest[4:]
	for i := range terms {
		var value fr.Element
		value.SetBigInt(littleEndian(reader.rest[4 : 4+elementBytes]))
		var coefficient constraint.U64
		copy(coefficient[:], value[:])
		terms[i] = reader.system.MakeTerm(coefficient, int(binary.LittleEndian.Uint32(reader.rest)))
		reader.rest = reader.rest[4+elementBytes:]
	}
	return terms
}

func littleEndian(data []byte) *big.Int {
	digits := slices.Clone(data)
	slices.Reverse(digits)
	return new(big.Int).SetBytes(digits)
}

// readWitness goes by gnark's binary form, which it decodes on all cores: two counts, a length, big-endian values.
func readWitness(path string, public int) (witness.Witness, error) {
	parts, err := sections(path, "wtns")
	if err != nil {
		return nil, err
	}
	values := parts[2][elementBytes:] // without the constant
	count := len(values) / elementBytes
	encoded := make([]byte, 12, 12+len(values))
	binary.BigEndian.PutUint32(encoded, uint32(public))
	binary.BigEndian.PutUint32(encoded[4:], uint32(count-public))
	binary.BigEndian.PutUint32(encoded[8:], uint32(count))
	for ; len(values) > 0; values = values[elementBytes:] {
		at := len(encoded)
		encoded = append(encoded, values[:elementBytes]...)
		slices.Reverse(encoded[at:])
	}
	full, err := witness.New(fr.Modulus())
	if err != nil {
		return nil, err
	}
	return full, full.UnmarshalBinary(encoded)
}
