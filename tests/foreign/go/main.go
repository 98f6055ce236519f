// Checks what an attendance ledger gives away, by the Go project's own note and tlog packages.
//
//	main FILE VKEY...
//
// FILE is a proof of one entry (C2SP tlog-proof), a stretch of a ledger, or a whole log as JSON:
// every leaf, every checkpoint, proofs of inclusion and of consistency. The formats are those of
// ledger/FORMATS.md. It exits with 0 when everything agrees, and says what does not otherwise.
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	leafHead    = "attendance-ledger/leaf/v1\n"
	proofHead   = "c2sp.org/tlog-proof@v1\n"
	stretchHead = "attendance-ledger/stretch/v1\n"
)

type whole struct {
	Leaves      [][]byte
	Checkpoints []string
	Records     []struct {
		Index int64
		Proof [][]byte
	}
	Trees []struct {
		Old   int64
		Proof [][]byte
	}
}

type entry struct {
	position uint64
	stream   string
	version  string
}

func main() {
	if err := check(os.Args[1], os.Args[2:]); err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println("accepted")
}

func check(path string, vkeys []string) error {
	var list []note.Verifier
	for _, vkey := range vkeys {
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return err
		}
		list = append(list, v)
	}
	known := note.VerifierList(list...)
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := string(data)
	switch {
	case strings.HasPrefix(text, proofHead):
		return checkProof(text, known)
	case strings.HasPrefix(text, stretchHead):
		return checkStretch(text, vkeys)
	}
	var log whole
	if err := json.Unmarshal(data, &log); err != nil {
		return err
	}
	return checkWhole(log, known)
}

// checkpoint opens a signed note and returns the tree that it names.
func checkpoint(text string, known note.Verifiers) (tlog.Tree, error) {
	n, err := note.Open([]byte(text), known)
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != n.Sigs[0].Name {
		return tlog.Tree{}, errors.New("origin and signature are of two logs")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func checkProof(text string, known note.Verifiers) error {
	cut := strings.Index(text, "\n\n")
	if cut < 0 {
		return errors.New("no empty line")
	}
	tree, err := checkpoint(text[cut+2:], known)
	if err != nil {
		return err
	}
	lines := strings.Split(text[:cut], "\n")
	if len(lines) < 3 || !strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return errors.New("not a proof")
	}
	leaf, err := base64.StdEncoding.Strict().DecodeString(lines[1][6:])
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(lines[2][6:], 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, h)
	}
	e, err := readLeaf(leaf)
	if err != nil {
		return err
	}
	if e.position != uint64(index)+1 {
		return errors.New("leaf and index are of two entries")
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(leaf))
}

// readLeaf takes the bytes of one entry apart.
func readLeaf(leaf []byte) (entry, error) {
	bad := errors.New("not a leaf")
	if !bytes.HasPrefix(leaf, []byte(leafHead)) || len(leaf) < len(leafHead)+8 {
		return entry{}, bad
	}
	rest := leaf[len(leafHead):]
	found := entry{position: binary.BigEndian.Uint64(rest)}
	rest = rest[8:]
	var fields []string
	for i := 0; i < 4; i++ {
		if len(rest) < 4 {
			return entry{}, bad
		}
		length := uint64(binary.BigEndian.Uint32(rest))
		rest = rest[4:]
		if uint64(len(rest)) < length {
			return entry{}, bad
		}
		fields = append(fields, string(rest[:length]))
		rest = rest[length:]
	}
	if len(rest) > 0 || !json.Valid([]byte(fields[3])) {
		return entry{}, bad
	}
	found.stream, found.version = fields[0], fields[1]
	return found, nil
}

// newest follows the hand-overs from key to key, which must hold one that is known.
func newest(keys, known []string) (note.Verifier, error) {
	before, trusted := "", false
	for _, line := range keys {
		parts := strings.SplitN(line, " ", 2)
		key := parts[0]
		if before != "" {
			if len(parts) != 2 {
				return nil, errors.New("a key without the signature of the one before it")
			}
			signature, err := base64.StdEncoding.Strict().DecodeString(parts[1])
			if err != nil {
				return nil, err
			}
			raw, err := base64.StdEncoding.DecodeString(strings.SplitN(before, "+", 3)[2])
			if err != nil {
				return nil, err
			}
			message := "attendance-ledger/key/v1\n" + before + "\n" + key + "\n"
			if !ed25519.Verify(ed25519.PublicKey(raw[1:]), []byte(message), signature) {
				return nil, errors.New("a key that the one before it did not sign")
			}
		}
		if _, err := note.NewVerifier(key); err != nil {
			return nil, err
		}
		for _, each := range known {
			trusted = trusted || each == key
		}
		before = key
	}
	if !trusted {
		return nil, errors.New("no key of the stretch is known")
	}
	return note.NewVerifier(before)
}

func checkStretch(text string, known []string) error {
	cut := strings.Index(text, "\n\n")
	if cut < 0 {
		return errors.New("no empty line")
	}
	fields := map[string][]string{}
	for _, line := range strings.Split(text[:cut], "\n")[1:] {
		word := strings.SplitN(line, " ", 2)
		if len(word) != 2 {
			return errors.New("not a stretch")
		}
		fields[word[0]] = append(fields[word[0]], word[1])
	}
	signer, err := newest(fields["key"], known)
	if err != nil {
		return err
	}
	tree, err := checkpoint(text[cut+2:], note.VerifierList(signer))
	if err != nil {
		return err
	}
	if len(fields["first"]) != 1 || len(fields["last"]) != 1 {
		return errors.New("not a stretch")
	}
	first, err := strconv.ParseInt(fields["first"][0], 10, 64)
	if err != nil {
		return err
	}
	last, err := strconv.ParseInt(fields["last"][0], 10, 64)
	if err != nil {
		return err
	}
	if first < 1 || last < first || last > tree.N || int64(len(fields["leaf"])) != last-first+1 {
		return errors.New("not the entries that it says")
	}
	w := walker{low: first - 1, high: last}
	for _, each := range fields["hash"] {
		h, err := tlog.ParseHash(each)
		if err != nil {
			return err
		}
		w.given = append(w.given, h)
	}
	next := map[string]int64{}
	for i, each := range fields["leaf"] {
		leaf, err := base64.StdEncoding.Strict().DecodeString(each)
		if err != nil {
			return err
		}
		e, err := readLeaf(leaf)
		if err != nil {
			return err
		}
		version, err := strconv.ParseInt(e.version, 10, 64)
		if err != nil {
			return err
		}
		if expected, seen := next[e.stream]; seen && expected != version {
			return fmt.Errorf("version %d of %s was expected", expected, e.stream)
		}
		next[e.stream] = version + 1
		if e.position != uint64(first)+uint64(i) {
			return fmt.Errorf("entry %d stands in the wrong place", e.position)
		}
		w.leaves = append(w.leaves, tlog.RecordHash(leaf))
	}
	root, err := w.walk(0, tree.N)
	if err != nil {
		return err
	}
	if root != tree.Hash || len(w.given) > 0 {
		return errors.New("the entries do not lead to the root")
	}
	return nil
}

// walker goes through the tree as RFC 6962 divides it; what holds no leaf is given.
type walker struct {
	low, high int64
	given     []tlog.Hash
	leaves    []tlog.Hash
}

func (w *walker) walk(start, end int64) (tlog.Hash, error) {
	if end <= w.low || start >= w.high {
		if len(w.given) == 0 {
			return tlog.Hash{}, errors.New("a hash is missing")
		}
		h := w.given[0]
		w.given = w.given[1:]
		return h, nil
	}
	if end-start == 1 {
		return w.leaves[start-w.low], nil
	}
	half := int64(1)
	for half*2 < end-start {
		half *= 2
	}
	left, err := w.walk(start, start+half)
	if err != nil {
		return left, err
	}
	right, err := w.walk(start+half, end)
	return tlog.NodeHash(left, right), err
}

func checkWhole(log whole, known note.Verifiers) error {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	for i, leaf := range log.Leaves {
		hashes, err := tlog.StoredHashes(int64(i), leaf, reader)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	var newest tlog.Tree
	trees := map[int64]tlog.Hash{}
	for _, text := range log.Checkpoints {
		tree, err := checkpoint(text, known)
		if err != nil {
			return err
		}
		if tree.N > int64(len(log.Leaves)) {
			return fmt.Errorf("a checkpoint is of %d entries", tree.N)
		}
		root, err := tlog.TreeHash(tree.N, reader)
		if err != nil {
			return err
		}
		if root != tree.Hash {
			return fmt.Errorf("the root over %d entries is %v", tree.N, root)
		}
		trees[tree.N] = root
		newest = tree
	}
	for _, r := range log.Records {
		record := tlog.RecordHash(log.Leaves[r.Index])
		if err := tlog.CheckRecord(hashes(r.Proof), newest.N, newest.Hash, r.Index, record); err != nil {
			return fmt.Errorf("entry %d: %v", r.Index+1, err)
		}
	}
	for _, t := range log.Trees {
		if err := tlog.CheckTree(hashes(t.Proof), newest.N, newest.Hash, t.Old, trees[t.Old]); err != nil {
			return fmt.Errorf("tree of %d: %v", t.Old, err)
		}
	}
	if newest.N != int64(len(log.Leaves)) {
		return errors.New("there are entries beyond the newest checkpoint")
	}
	return nil
}

func hashes(given [][]byte) []tlog.Hash {
	found := make([]tlog.Hash, len(given))
	for i, each := range given {
		copy(found[i][:], each)
	}
	return found
}
