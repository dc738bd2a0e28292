// The circuits that are timed: the same statements as in workloads.py, written as gnark's documentation would have them.

package main

import (
	"fmt"
	"math/big"

	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/std/math/bits"
	"github.com/consensys/gnark/std/rangecheck"
)

// statement is a circuit over two lists of inputs.
type statement struct {
	Public  []frontend.Variable `gnark:",public"`
	Private []frontend.Variable
	body    func(api frontend.API, public, private []frontend.Variable)
}

func (s *statement) Define(api frontend.API) error {
	s.body(api, s.Public, s.Private)
	return nil
}

// checker proves that a variable fits into so many bits: by its bits, or by gnark's lookups behind a commitment.
type checker func(x frontend.Variable, width int)

func newChecker(api frontend.API, lookups bool) checker {
	if lookups {
		ranges := rangecheck.New(api)
		return func(x frontend.Variable, width int) { ranges.Check(x, width) }
	}
	return func(x frontend.Variable, width int) { bits.ToBinary(api, x, bits.WithNbDigits(width)) }
}

const merkleDepth = 32

func workload(name string, size int, poseidon *poseidonTable, lookups bool) (*statement, error) {
	lists := func(public, private int) statement {
		return statement{Public: make([]frontend.Variable, public), Private: make([]frontend.Variable, private)}
	}
	var s statement
	switch name {
	case "poseidon_chain": // public: digest; private: start, key
		s = lists(1, 2)
		s.body = func(api frontend.API, public, private []frontend.Variable) {
			node := private[0]
			for range size {
				node = poseidon.hash(api, node, private[1])
			}
			api.AssertIsEqual(node, public[0])
		}
	case "ranges": // public: total; private: the ascending values
		s = lists(1, size)
		s.body = func(api frontend.API, public, private []frontend.Variable) {
			check := newChecker(api, lookups)
			for i, value := range private {
				check(value, 64)
				if i > 0 {
					check(api.Sub(value, private[i-1]), 64)
				}
			}
			total := api.Add(private[0], private[1], private[2:]...)
			api.AssertIsEqual(total, public[0])
		}
	case "merkle": // public: roots; private: leaves, indices, siblings path by path
		s = lists(size, size*(2+merkleDepth))
		s.body = func(api frontend.API, public, private []frontend.Variable) {
			siblings := private[2*size:]
			for path, root := range public {
				node := private[path]
				index := bits.ToBinary(api, private[size+path], bits.WithNbDigits(merkleDepth))
				for level, bit := range index {
					sibling := siblings[path*merkleDepth+level]
					left := api.Select(bit, sibling, node) // one constraint; the other child is what is left
					right := api.Sub(api.Add(node, sibling), left)
					node = poseidon.hash(api, left, right)
				}
				api.AssertIsEqual(node, root)
			}
		}
	case "margin": // public: margin; private: balances, prices, haircuts
		s = lists(1, 3*size)
		s.body = func(api frontend.API, public, private []frontend.Variable) {
			check := newChecker(api, lookups)
			worth := frontend.Variable(0)
			for i := range size {
				balance, price, haircut := private[i], private[size+i], private[2*size+i]
				check(balance, 64)
				check(price, 64)
				check(haircut, 20)
				kept := api.Sub(1_000_000, haircut)
				check(kept, 20)
				worth = api.Add(worth, api.Mul(api.Mul(balance, price), kept))
			}
			check(public[0], 128)
			check(api.Sub(worth, api.Mul(public[0], 1_000_000)), marginWidth(size))
		}
	default:
		return nil, fmt.Errorf("no workload %q", name)
	}
	return &s, nil
}

// marginWidth is the number of bits of the largest surplus.
func marginWidth(assets int) int {
	top := new(big.Int).Lsh(big.NewInt(1), 64)
	top.Sub(top, big.NewInt(1))
	top.Mul(top, top)
	top.Mul(top, big.NewInt(1_000_000))
	return top.Mul(top, big.NewInt(int64(assets))).BitLen()
}
