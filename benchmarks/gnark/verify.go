// Verification of many proofs, one after the other, as often as asked.

package main

import (
	"fmt"
	"runtime"
	"syscall"
	"time"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	groth16 "github.com/consensys/gnark/backend/groth16/bn254"
)

type keyJSON struct {
	Alpha []string   `json:"vk_alpha_1"`
	Beta  [][]string `json:"vk_beta_2"`
	Gamma [][]string `json:"vk_gamma_2"`
	Delta [][]string `json:"vk_delta_2"`
	IC    [][]string `json:"IC"`
}

type proofJSON struct {
	A []string   `json:"pi_a"`
	B [][]string `json:"pi_b"`
	C []string   `json:"pi_c"`
}

type itemJSON struct {
	Public []string  `json:"public"`
	Proof  proofJSON `json:"proof"`
}

type verified struct {
	EachSeconds []float64 `json:"each_s"` // one figure a pass
	BusySeconds []float64 `json:"cpu_s"`  // of all threads
	Version     string    `json:"version"`
}

func verify(task *job) (*verified, error) {
	runtime.GOMAXPROCS(task.Threads)
	var key groth16.VerifyingKey
	key.G1.Alpha = g1(task.Key.Alpha)
	key.G2.Beta, key.G2.Gamma, key.G2.Delta = g2(task.Key.Beta), g2(task.Key.Gamma), g2(task.Key.Delta)
	for _, point := range task.Key.IC {
		key.G1.K = append(key.G1.K, g1(point))
	}
	if err := key.Precompute(); err != nil {
		return nil, err
	}
	proofs := make([]groth16.Proof, len(task.Items))
	inputs := make([]fr.Vector, len(task.Items))
	for i, item := range task.Items {
		proofs[i] = groth16.Proof{Ar: g1(item.Proof.A), Bs: g2(item.Proof.B), Krs: g1(item.Proof.C)}
		for _, value := range item.Public {
			var element fr.Element
			if _, err := element.SetString(value); err != nil {
				return nil, err
			}
			inputs[i] = append(inputs[i], element)
		}
	}
	out := &verified{Version: gnarkVersion()}
	for range task.Passes {
		start, before := time.Now(), processorSeconds()
		for i := range proofs {
			if err := groth16.Verify(&proofs[i], &key, inputs[i]); err != nil {
				return nil, fmt.Errorf("a good proof was refused: %w", err)
			}
		}
		out.EachSeconds = append(out.EachSeconds, time.Since(start).Seconds()/float64(len(proofs)))
		out.BusySeconds = append(out.BusySeconds, (processorSeconds()-before)/float64(len(proofs)))
	}
	return out, nil
}

func processorSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // it cannot fail on its own process
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

func g1(point []string) (p bn254.G1Affine) {
	p.X, p.Y = coordinate(point[0]), coordinate(point[1])
	return p
}

func g2(point [][]string) (p bn254.G2Affine) {
	p.X.A0, p.X.A1 = coordinate(point[0][0]), coordinate(point[0][1])
	p.Y.A0, p.Y.A1 = coordinate(point[1][0]), coordinate(point[1][1])
	return p
}

func coordinate(digits string) (value fp.Element) {
	if _, err := value.SetString(digits); err != nil {
		panic(err) // the job was written by this benchmark
	}
	return value
}
