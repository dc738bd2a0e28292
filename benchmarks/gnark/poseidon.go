// Poseidon with circomlib's parameters, which gnark's library does not have: the hash in its two usual forms.

package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark/frontend"
)

var modulus = ecc.BN254.ScalarField()

// parameters of one width: t constants a round, and mix[i][j] from element j to element i.
type parameters struct {
	FullRounds    int          `json:"full_rounds"`
	PartialRounds int          `json:"partial_rounds"`
	Constants     []*big.Int   `json:"constants"`
	Mix           [][]*big.Int `json:"mix"`
	flat          *flattened
}

// flattened is the middle of the permutation as plain linear algebra: what each partial S-box and each element after
// the last of them reads, in terms of the elements that enter, the results of earlier partial S-boxes, and 1 (last).
type flattened struct {
	boxes [][]*big.Int
	exit  [][]*big.Int
}

type poseidonTable struct {
	widths map[int]*parameters
	flat   bool
}

func readPoseidon(path string, flat bool) (*poseidonTable, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	table := &poseidonTable{flat: flat}
	if err := json.Unmarshal(data, &table.widths); err != nil {
		return nil, err
	}
	for t, p := range table.widths {
		p.flat = flatten(t, p)
	}
	return table, nil
}

// hash of 1 to 16 variables: the permutation of (0, inputs...), of which the first element is the digest.
func (table *poseidonTable) hash(api frontend.API, inputs ...frontend.Variable) frontend.Variable {
	t := len(inputs) + 1
	p := table.widths[t]
	if p == nil {
		panic(fmt.Sprintf("no parameters for width %d", t))
	}
	state := append([]frontend.Variable{0}, inputs...)
	half := p.FullRounds / 2
	if !table.flat {
		for round := range p.FullRounds + p.PartialRounds {
			state = p.round(api, state, round, round < half || round >= half+p.PartialRounds)
		}
		return state[0]
	}
	for round := range half {
		state = p.boxes(api, state, round)
		if round+1 < half {
			state = p.mixed(api, state)
		}
	}
	known := append(make([]frontend.Variable, 0, t+p.PartialRounds), state...)
	for _, row := range p.flat.boxes {
		known = append(known, fifthPower(api, combination(api, row, known)))
	}
	for i, row := range p.flat.exit {
		state[i] = fifthPower(api, combination(api, row, known))
	}
	state = p.mixed(api, state)
	for round := half + p.PartialRounds + 1; round < p.FullRounds+p.PartialRounds; round++ {
		state = p.round(api, state, round, true)
	}
	return state[0]
}

func (p *parameters) round(api frontend.API, state []frontend.Variable, round int, full bool) []frontend.Variable {
	if full {
		return p.mixed(api, p.boxes(api, state, round))
	}
	next := make([]frontend.Variable, len(state))
	for i, x := range state {
		next[i] = api.Add(x, p.Constants[round*len(state)+i])
	}
	next[0] = fifthPower(api, next[0])
	return p.mixed(api, next)
}

func (p *parameters) boxes(api frontend.API, state []frontend.Variable, round int) []frontend.Variable {
	next := make([]frontend.Variable, len(state))
	for i, x := range state {
		next[i] = fifthPower(api, api.Add(x, p.Constants[round*len(state)+i]))
	}
	return next
}

func (p *parameters) mixed(api frontend.API, state []frontend.Variable) []frontend.Variable {
	next := make([]frontend.Variable, len(state))
	for i, row := range p.Mix {
		next[i] = combination(api, row, state)
	}
	return next
}

func fifthPower(api frontend.API, x frontend.Variable) frontend.Variable {
	square := api.Mul(x, x)
	return api.Mul(api.Mul(square, square), x)
}

// combination is the sum of row[i] * values[i]; a row one longer than the values ends in a constant.
func combination(api frontend.API, row []*big.Int, values []frontend.Variable) frontend.Variable {
	terms := make([]frontend.Variable, 0, len(row)+2)
	for i, value := range values {
		terms = append(terms, api.Mul(value, row[i]))
	}
	if len(row) > len(values) {
		terms = append(terms, row[len(values)])
	}
	if len(terms) < 2 {
		terms = append(terms, 0)
	}
	return api.Add(terms[0], terms[1], terms[2:]...)
}

func flatten(t int, p *parameters) *flattened {
	width := t + p.PartialRounds + 1
	state := make([][]*big.Int, t)
	for i := range state {
		state[i] = unit(width, i)
	}
	flat := &flattened{}
	half := p.FullRounds / 2
	for box := 0; box <= p.PartialRounds; box++ {
		next := make([][]*big.Int, t)
		for i, row := range p.Mix {
			next[i] = zeros(width)
			for j, factor := range row {
				for k := range width {
					next[i][k].Add(next[i][k], new(big.Int).Mul(factor, state[j][k]))
				}
			}
			next[i][width-1].Add(next[i][width-1], p.Constants[(half+box)*t+i])
			for k := range width {
				next[i][k].Mod(next[i][k], modulus)
			}
		}
		state = next
		if box < p.PartialRounds {
			flat.boxes = append(flat.boxes, shortened(state[0], t+box))
			state[0] = unit(width, t+box)
		}
	}
	for _, row := range state {
		flat.exit = append(flat.exit, shortened(row, width-1))
	}
	return flat
}

// shortened keeps the first n coefficients, beyond which all are zero, and the constant.
func shortened(row []*big.Int, n int) []*big.Int {
	return append(append([]*big.Int{}, row[:n]...), row[len(row)-1])
}

func zeros(n int) []*big.Int {
	row := make([]*big.Int, n)
	for i := range row {
		row[i] = new(big.Int)
	}
	return row
}

func unit(n, place int) []*big.Int {
	row := zeros(n)
	row[place].SetInt64(1)
	return row
}
