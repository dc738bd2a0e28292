// One workload, measured: builds, then a witness at a time, then many on all cores.

package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/constraint/solver"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs"
	"github.com/consensys/gnark/frontend/cs/r1cs"
)

type result struct {
	Constraints  int       `json:"constraints"`
	Wires        int       `json:"wires"`
	BuildSeconds []float64 `json:"build_s"`
	BuildPeakMB  float64   `json:"build_peak_mb"`
	OneSeconds   []float64 `json:"one_s"`
	ManySeconds  float64   `json:"many_s"` // per instance
	ManyCount    int       `json:"many_count"`
	WitnessPeak  float64   `json:"witness_peak_mb"`
	Version      string    `json:"version"`
}

func compile(circuit frontend.Circuit, compress int) (constraint.ConstraintSystem, error) {
	var options []frontend.CompileOption
	if compress > 0 {
		options = append(options, frontend.WithCompressThreshold(compress))
	}
	return frontend.Compile(modulus, r1cs.NewBuilder, circuit, options...)
}

// compileLoose compiles a gadget on its own, whose inputs may stand in no constraint.
func compileLoose(circuit frontend.Circuit) (constraint.ConstraintSystem, error) {
	return frontend.Compile(modulus, r1cs.NewBuilder, circuit, frontend.IgnoreUnconstrainedInputs())
}

func measure(task *job, poseidon *poseidonTable) (*result, error) {
	out := &result{Version: gnarkVersion()}
	var system constraint.ConstraintSystem
	for range task.Builds {
		circuit, err := workload(task.Workload, task.Size, poseidon, task.Lookups)
		if err != nil {
			return nil, err
		}
		system = nil
		runtime.GC()
		start := time.Now()
		if system, err = compile(circuit, task.Compress); err != nil {
			return nil, err
		}
		out.BuildSeconds = append(out.BuildSeconds, time.Since(start).Seconds())
		if out.BuildPeakMB == 0 { // the first build alone: later ones meet the garbage of earlier ones
			out.BuildPeakMB = peakMB()
		}
	}
	out.Constraints = system.GetNbConstraints()
	out.Wires = system.GetNbPublicVariables() + system.GetNbSecretVariables() + system.GetNbInternalVariables()
	if len(task.Instances) == 0 {
		return out, nil
	}
	values := make([]*statement, len(task.Instances))
	for i, given := range task.Instances {
		values[i] = &statement{Public: numbers(given.Public), Private: numbers(given.Private)}
	}
	// The check before the clock: every instance must hold, and the first must fail with another public input.
	for i, value := range values {
		if err := solve(system, value); err != nil {
			return nil, fmt.Errorf("instance %d: %w", i, err)
		}
	}
	forged := &statement{Public: append([]frontend.Variable{}, values[0].Public...), Private: values[0].Private}
	forged.Public[0] = new(big.Int).Add(forged.Public[0].(*big.Int), new(big.Int).Lsh(big.NewInt(1), 200))
	if solve(system, forged) == nil {
		return nil, errors.New("a forged public input was accepted")
	}
	debug.FreeOSMemory()
	resetPeak()
	// The solver spreads the independent constraints of one instance over the cores; where there are few, that is
	// slower than one thread. The faster of both is taken.
	oneSeconds := func(options ...solver.Option) []float64 {
		var times []float64
		for spent := 0.0; len(times) < 3 || spent < task.Seconds && len(times) < 200; spent += times[len(times)-1] {
			start := time.Now()
			if err := solve(system, values[len(times)%len(values)], options...); err != nil {
				panic(err)
			}
			times = append(times, time.Since(start).Seconds())
		}
		return times
	}
	parallel, single := oneSeconds(), oneSeconds(solver.WithNbTasks(1))
	out.OneSeconds = parallel
	if least(single) < least(parallel) {
		out.OneSeconds = single
	}
	out.ManySeconds = solveMany(system, values)
	out.ManyCount = len(values)
	out.WitnessPeak = peakMB()
	return out, nil
}

// solveMany solves all instances, a goroutine for each core; seconds per instance.
func solveMany(system constraint.ConstraintSystem, values []*statement) float64 {
	var next atomic.Int64
	var workers sync.WaitGroup
	start := time.Now()
	for range runtime.NumCPU() {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(values); i = int(next.Add(1)) - 1 {
				if err := solve(system, values[i], solver.WithNbTasks(1)); err != nil {
					panic(err)
				}
			}
		})
	}
	workers.Wait()
	return time.Since(start).Seconds() / float64(len(values))
}

func solve(system constraint.ConstraintSystem, value *statement, options ...solver.Option) error {
	full, err := frontend.NewWitness(value, modulus)
	if err != nil {
		return err
	}
	// What a prover would fill in from a commitment to the inputs; a hash stands for it here, and costs less.
	id := solver.GetHintID(cs.Bsb22CommitmentComputePlaceholder)
	options = append(options, solver.OverrideHint(id, func(_ *big.Int, in, out []*big.Int) error {
		digest := sha256.Sum256(in[len(in)-1].Bytes())
		out[0].SetBytes(digest[1:])
		return nil
	}))
	_, err = system.Solve(full, options...)
	return err
}

func numbers(digits []string) []frontend.Variable {
	list := make([]frontend.Variable, len(digits))
	for i, text := range digits {
		number, ok := new(big.Int).SetString(text, 10)
		if !ok {
			panic("not a number: " + text)
		}
		list[i] = number
	}
	return list
}

func least(values []float64) float64 {
	best := values[0]
	for _, value := range values {
		best = min(best, value)
	}
	return best
}

// peakMB is the largest resident size since the start, or since resetPeak.
func peakMB() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	line, _, _ := strings.Cut(string(rest), "\n")
	kilobytes, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(line), " kB"), 64)
	return kilobytes / 1024
}

func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

func gnarkVersion() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/consensys/gnark" {
			return module.Version + ", " + runtime.Version()
		}
	}
	return runtime.Version()
}
