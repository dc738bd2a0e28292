// Groth16 on a circuit from files: `gnark-peer prepare|serve|prove|check FOLDER`, where FOLDER holds what `prepare` makes
// beside circuit.r1cs and witness.wtns one folder up. `serve` answers one line of JSON to each line it reads.

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	groth16 "github.com/consensys/gnark/backend/groth16/bn254"
	"github.com/consensys/gnark/backend/witness"
	cs "github.com/consensys/gnark/constraint/bn254"
)

type prover struct {
	system *cs.R1CS
	pk     groth16.ProvingKey
	vk     groth16.VerifyingKey
	full   witness.Witness
	public fr.Vector
}

type spent struct {
	Seconds     float64 `json:"seconds"`
	BusySeconds float64 `json:"cpu"`
	PeakMB      float64 `json:"peak_mb"`
	Version     string  `json:"version,omitempty"`
}

// timed runs a step once.
func timed(step func() error) (spent, error) {
	start, before := time.Now(), processorSeconds()
	err := step()
	return spent{time.Since(start).Seconds(), processorSeconds() - before, peakMB(), ""}, err
}

func proveFiles(arguments []string) error {
	if len(arguments) != 2 {
		return errors.New("usage: gnark-peer prepare|serve|prove|check FOLDER")
	}
	folder := arguments[1]
	switch arguments[0] {
	case "prepare":
		figures, err := prepare(folder)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(figures)
	case "serve":
		return serve(folder)
	case "check":
		return check(folder)
	case "prove":
		p, err := load(folder)
		if err != nil {
			return err
		}
		proof, err := groth16.Prove(p.system, &p.pk, p.full)
		if err != nil {
			return err
		}
		return save(filepath.Join(folder, "proof"), func(file *os.File) error {
			_, err := proof.WriteRawTo(file)
			return err
		})
	}
	return fmt.Errorf("no mode %q", arguments[0])
}

// prepare makes a key for the circuit; the figures are of groth16.Setup alone.
func prepare(folder string) (spent, error) {
	system, err := readSystem(filepath.Join(folder, "..", "circuit.r1cs"))
	if err != nil {
		return spent{}, err
	}
	var p prover
	figures, err := timed(func() error { return groth16.Setup(system, &p.pk, &p.vk) })
	if err != nil {
		return spent{}, err
	}
	figures.Version = gnarkVersion()
	for name, write := range map[string]func(*os.File) error{
		"system": func(file *os.File) error { _, err := system.WriteTo(file); return err },
		"key":    func(file *os.File) error { return p.pk.WriteDump(file) },
		"vk":     func(file *os.File) error { _, err := p.vk.WriteRawTo(file); return err },
	} {
		if err := save(filepath.Join(folder, name), write); err != nil {
			return spent{}, err
		}
	}
	return figures, nil
}

func load(folder string) (*prover, error) {
	p := &prover{system: new(cs.R1CS)}
	for name, read := range map[string]func(*bufio.Reader) error{
		"system": func(file *bufio.Reader) error { _, err := p.system.ReadFrom(file); return err },
		"key":    func(file *bufio.Reader) error { return p.pk.ReadDump(file) },
	} {
		if err := open(filepath.Join(folder, name), read); err != nil {
			return nil, err
		}
	}
	full, err := readWitness(filepath.Join(folder, "..", "witness.wtns"), p.system.GetNbPublicVariables()-1)
	if err != nil {
		return nil, err
	}
	public, err := full.Public()
	if err != nil {
		return nil, err
	}
	p.full, p.public = full, public.Vector().(fr.Vector)
	return p, nil
}

// serve says how long loading took, then proves or verifies at each line: "prove" or "verify". A proof is checked after its clock.
func serve(folder string) error {
	var p *prover
	out := json.NewEncoder(os.Stdout)
	figures, err := timed(func() (err error) { p, err = load(folder); return err })
	if err != nil {
		return err
	}
	if err := open(filepath.Join(folder, "vk"), func(file *bufio.Reader) error { _, err := p.vk.ReadFrom(file); return err }); err != nil {
		return err
	}
	figures.Version = gnarkVersion()
	if err := out.Encode(figures); err != nil {
		return err
	}
	var proof *groth16.Proof
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		verify := func() error { return groth16.Verify(proof, &p.vk, p.public) }
		step := verify
		if lines.Text() == "prove" {
			step = func() (err error) { proof, err = groth16.Prove(p.system, &p.pk, p.full); return err }
		}
		figures, err := timed(step)
		if err != nil {
			return err
		}
		if err := verify(); err != nil {
			return fmt.Errorf("an own proof was refused: %w", err)
		}
		if err := out.Encode(figures); err != nil {
			return err
		}
	}
	return nil
}

// check verifies the proof that a process of its own left.
func check(folder string) error {
	p, err := load(folder)
	if err != nil {
		return err
	}
	var proof groth16.Proof
	figures, err := timed(func() error {
		if err := open(filepath.Join(folder, "vk"), func(file *bufio.Reader) error { _, err := p.vk.ReadFrom(file); return err }); err != nil {
			return err
		}
		if err := open(filepath.Join(folder, "proof"), func(file *bufio.Reader) error { _, err := proof.ReadFrom(file); return err }); err != nil {
			return err
		}
		return groth16.Verify(&proof, &p.vk, p.public)
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(figures)
}

func save(path string, write func(*os.File) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

func open(path string, read func(*bufio.Reader) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return read(bufio.NewReaderSize(file, 1<<20))
}
