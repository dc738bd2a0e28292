// What gnark's own gadgets cost in R1CS over BN254, in its best form for each.

package main

import (
	"fmt"
	"math/big"

	tedwards "github.com/consensys/gnark-crypto/ecc/twistededwards"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/std/algebra/native/twistededwards"
	"github.com/consensys/gnark/std/hash"
	"github.com/consensys/gnark/std/math/bits"
	"github.com/consensys/gnark/std/math/cmp"
	"github.com/consensys/gnark/std/rangecheck"
	"github.com/consensys/gnark/std/selector"
	"github.com/consensys/gnark/std/signature/eddsa"
)

type gadget struct {
	name   string
	inputs int
	// before constrains the inputs as a caller would have done already; it is counted alone and subtracted.
	before func(api frontend.API, x []frontend.Variable)
	body   func(api frontend.API, x []frontend.Variable)
}

func bitsOf(api frontend.API, x frontend.Variable, n int) []frontend.Variable {
	return bits.ToBinary(api, x, bits.WithNbDigits(n))
}

func words(api frontend.API, x []frontend.Variable) {
	for _, value := range x {
		bitsOf(api, value, 64)
	}
}

func firstIsBit(api frontend.API, x []frontend.Variable) { api.AssertIsBoolean(x[0]) }

func gadgets(poseidon *poseidonTable) []gadget {
	two64 := new(big.Int).Lsh(big.NewInt(1), 64)
	list := []gadget{
		{"bits 64", 1, nil, func(api frontend.API, x []frontend.Variable) { bitsOf(api, x[0], 64) }},
		{"bits 254, canonical", 1, nil, func(api frontend.API, x []frontend.Variable) { api.ToBinary(x[0]) }},
		{"is_zero", 1, nil, func(api frontend.API, x []frontend.Variable) { api.IsZero(x[0]) }},
		{"is_equal", 2, nil, func(api frontend.API, x []frontend.Variable) { api.IsZero(api.Sub(x[0], x[1])) }},
		{"assert a <= b, 64-bit words", 2, words, func(api frontend.API, x []frontend.Variable) {
			bitsOf(api, api.Sub(x[1], x[0]), 64)
		}},
		{"bit a < b, 64-bit words", 2, words, func(api frontend.API, x []frontend.Variable) {
			cmp.NewBoundedComparator(api, new(big.Int).Sub(two64, big.NewInt(1)), false).IsLess(x[0], x[1])
		}},
		{"select", 3, firstIsBit, func(api frontend.API, x []frontend.Variable) { api.Select(x[0], x[1], x[2]) }},
		{"mux of 8 by index", 9, nil, func(api frontend.API, x []frontend.Variable) { selector.Mux(api, x[0], x[1:]...) }},
		{"one-hot of 8", 1, nil, func(api frontend.API, x []frontend.Variable) { selector.Decoder(api, 8, x[0]) }},
		{"Merkle level", 3, firstIsBit, func(api frontend.API, x []frontend.Variable) {
			left := api.Select(x[0], x[2], x[1])
			poseidon.hash(api, left, api.Sub(api.Add(x[1], x[2]), left))
		}},
	}
	for n := 1; n <= 16; n++ {
		list = append(list, gadget{fmt.Sprintf("Poseidon of %d", n), n, nil, func(api frontend.API, x []frontend.Variable) {
			poseidon.hash(api, x...)
		}})
	}
	curve := func(api frontend.API) twistededwards.Curve {
		found, err := twistededwards.NewEdCurve(api, tedwards.BN254)
		if err != nil {
			panic(err)
		}
		return found
	}
	return append(list,
		gadget{"range checks, 1000 x 64 bits", 1000, nil, words},
		gadget{"Baby Jubjub: on the curve", 2, nil, func(api frontend.API, x []frontend.Variable) {
			curve(api).AssertIsOnCurve(twistededwards.Point{X: x[0], Y: x[1]})
		}},
		gadget{"Baby Jubjub: addition", 4, nil, func(api frontend.API, x []frontend.Variable) {
			curve(api).Add(twistededwards.Point{X: x[0], Y: x[1]}, twistededwards.Point{X: x[2], Y: x[3]})
		}},
		gadget{"Baby Jubjub: doubling", 2, nil, func(api frontend.API, x []frontend.Variable) {
			curve(api).Double(twistededwards.Point{X: x[0], Y: x[1]})
		}},
		gadget{"Baby Jubjub: fixed base x 253 bits", 1, nil, func(api frontend.API, x []frontend.Variable) {
			known := curve(api)
			base := known.Params().Base
			known.ScalarMul(twistededwards.Point{X: base[0], Y: base[1]}, x[0])
		}},
		gadget{"Baby Jubjub: variable base x 254 bits", 3, nil, func(api frontend.API, x []frontend.Variable) {
			curve(api).ScalarMul(twistededwards.Point{X: x[0], Y: x[1]}, x[2])
		}},
		gadget{"EdDSA with Poseidon", 6, nil, func(api frontend.API, x []frontend.Variable) {
			point := func(i int) twistededwards.Point { return twistededwards.Point{X: x[i], Y: x[i+1]} }
			signature := eddsa.Signature{R: point(2), S: x[4]}
			err := eddsa.Verify(curve(api), signature, x[5], eddsa.PublicKey{A: point(0)}, &sponge{api, poseidon, nil})
			if err != nil {
				panic(err)
			}
		}},
	)
}

// lookups are gadgets behind a commitment: the proof grows by a point and the verifier's pairing check with it.
var lookups = []gadget{
	{"range checks, 1000 x 64 bits", 1000, nil, func(api frontend.API, x []frontend.Variable) {
		ranges := rangecheck.New(api)
		for _, value := range x {
			ranges.Check(value, 64)
		}
	}},
}

// sponge lets eddsa.Verify hash with Poseidon: all that was written, in one hash.
type sponge struct {
	api      frontend.API
	poseidon *poseidonTable
	written  []frontend.Variable
}

var _ hash.FieldHasher = (*sponge)(nil)

func (s *sponge) Write(data ...frontend.Variable) { s.written = append(s.written, data...) }
func (s *sponge) Reset()                          { s.written = nil }
func (s *sponge) Sum() frontend.Variable          { return s.poseidon.hash(s.api, s.written...) }

func count(poseidon *poseidonTable) (map[string]map[string]int, error) {
	counted := map[string]map[string]int{"gnark": {}, "gnark_lookups": {}}
	for column, list := range map[string][]gadget{"gnark": gadgets(poseidon), "gnark_lookups": lookups} {
		for _, item := range list {
			whole, err := cost(item, true)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", item.name, err)
			}
			inputs, err := cost(item, false)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", item.name, err)
			}
			counted[column][item.name] = whole - inputs
		}
	}
	return counted, nil
}

func cost(item gadget, whole bool) (int, error) {
	s := statement{Private: make([]frontend.Variable, item.inputs)}
	s.body = func(api frontend.API, _, private []frontend.Variable) {
		if item.before != nil {
			item.before(api, private)
		}
		if whole {
			item.body(api, private)
		}
	}
	system, err := compileLoose(&s)
	if err != nil {
		return 0, err
	}
	return system.GetNbConstraints(), nil
}
