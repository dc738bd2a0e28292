// The gnark side of the comparison: one job as JSON on standard input, one result as JSON on standard output; with
// arguments, the prover on files that prove.go describes.

package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/consensys/gnark/logger"
)

type job struct {
	Mode      string     `json:"mode"` // "time", "count" or "verify"
	Poseidon  string     `json:"poseidon"`
	Workload  string     `json:"workload"`
	Size      int        `json:"size"`
	Flat      bool       `json:"flat"`
	Lookups   bool       `json:"lookups"`
	Compress  int        `json:"compress"`
	Builds    int        `json:"builds"`
	Seconds   float64    `json:"seconds"`
	Instances []instance `json:"instances"`
	Key       keyJSON    `json:"key"`
	Items     []itemJSON `json:"items"`
	Passes    int        `json:"passes"`
	Threads   int        `json:"threads"`
}

type instance struct {
	Public  []string `json:"public"`
	Private []string `json:"private"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	logger.Disable()
	if len(os.Args) > 1 {
		return proveFiles(os.Args[1:])
	}
	var task job
	if err := json.NewDecoder(os.Stdin).Decode(&task); err != nil {
		return err
	}
	if task.Mode == "verify" {
		result, err := verify(&task)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(result)
	}
	poseidon, err := readPoseidon(task.Poseidon, task.Flat)
	if err != nil {
		return err
	}
	var result any
	switch task.Mode {
	case "time":
		result, err = measure(&task, poseidon)
	case "count":
		result, err = count(poseidon)
	default:
		err = fmt.Errorf("no mode %q", task.Mode)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}
