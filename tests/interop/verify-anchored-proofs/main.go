// Verify-anchored-proofs checks a pair of C2SP tlog-proofs with the Go project's own signed notes and
// transparency logs, golang.org/x/mod/sumdb/{note,tlog}: code that shares nothing with this repository.
//
//	verify-anchored-proofs STATEMENT ANCHOR TENANT_VKEY CELL_VKEY WITNESS_VKEY...
//
// Each proof's extra is the leaf. The statement is in the tenant's log; the anchor is in the cell's log and
// names origin, size and root of the statement's checkpoint; every witness (C2SP tlog-cosignature,
// Ed25519) must have cosigned the anchor's checkpoint.
// Exit status: 0 verified, 1 refused, 2 wrong use.
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) < 5 {
		fmt.Fprintln(os.Stderr, "usage: verify-anchored-proofs STATEMENT ANCHOR TENANT_VKEY CELL_VKEY WITNESS_VKEY...")
		os.Exit(2)
	}
	summary, err := verify(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:])
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println("verified:", summary)
}

func verify(statementFile, anchorFile, tenantKey, cellKey string, witnessKeys []string) (string, error) {
	statement, err := readProof(statementFile, tenantKey, nil)
	if err != nil {
		return "", fmt.Errorf("statement: %w", err)
	}
	proof, err := readProof(anchorFile, cellKey, witnessKeys)
	if err != nil {
		return "", fmt.Errorf("anchor: %w", err)
	}
	var anchor struct {
		Kind, Origin, Root string
		Size               int64
	}
	if err := json.Unmarshal(proof.leaf, &anchor); err != nil {
		return "", fmt.Errorf("anchor: %w", err)
	}
	root := "sha256:" + hex.EncodeToString(statement.tree.Hash[:])
	if anchor.Kind != "anchor" || anchor.Origin != statement.origin || anchor.Size != statement.tree.N || anchor.Root != root {
		return "", errors.New("anchor: not of the statement's checkpoint")
	}
	return fmt.Sprintf("%s at %d, anchored at %d of %s, %d witnesses",
		statement.origin, anchor.Size, proof.index, proof.origin, len(witnessKeys)), nil
}

type provenLeaf struct {
	leaf   []byte
	index  int64
	origin string
	tree   tlog.Tree
}

// readProof verifies a tlog-proof whose extra is its leaf.
func readProof(file, logKey string, witnessKeys []string) (*provenLeaf, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	head, checkpoint, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return nil, errors.New("not a tlog-proof with an extra line")
	}
	extra, hasExtra := cutPrefix(lines[1], "extra ")
	digits, hasIndex := cutPrefix(lines[2], "index ")
	if !hasExtra || !hasIndex {
		return nil, errors.New("no extra or no index")
	}
	leaf, err := base64.StdEncoding.DecodeString(extra)
	if err != nil {
		return nil, err
	}
	index, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return nil, err
	}
	var record tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		record = append(record, hash)
	}
	origin, tree, err := openCheckpoint(checkpoint, logKey, witnessKeys)
	if err != nil {
		return nil, err
	}
	if err := tlog.CheckRecord(record, tree.N, tree.Hash, index, tlog.RecordHash(leaf)); err != nil {
		return nil, err
	}
	return &provenLeaf{leaf, index, origin, tree}, nil
}

// openCheckpoint demands the signatures of the log and of every witness.
func openCheckpoint(checkpoint, logKey string, witnessKeys []string) (string, tlog.Tree, error) {
	log, err := note.NewVerifier(logKey)
	if err != nil {
		return "", tlog.Tree{}, err
	}
	verifiers := []note.Verifier{log}
	for _, vkey := range witnessKeys {
		witness, err := newCosigner(vkey)
		if err != nil {
			return "", tlog.Tree{}, err
		}
		verifiers = append(verifiers, witness)
	}
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(verifiers...))
	if err != nil {
		return "", tlog.Tree{}, err
	}
	if len(opened.Sigs) != len(verifiers) {
		return "", tlog.Tree{}, fmt.Errorf("%d of %d have signed", len(opened.Sigs), len(verifiers))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != log.Name() {
		return "", tlog.Tree{}, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return "", tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return "", tlog.Tree{}, err
	}
	return lines[0], tlog.Tree{N: size, Hash: root}, nil
}

// cosigner verifies cosignature/v1 lines, which note itself does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

const algorithmCosigner = 4

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("malformed witness key")
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if len(key) != 1+ed25519.PublicKeySize || key[0] != algorithmCosigner {
		return nil, errors.New("not an Ed25519 cosigner's key")
	}
	return &cosigner{parts[0], uint32(hash), key[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(sig)
	signed := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", time)), msg...)
	return ed25519.Verify(c.key, signed, sig[8:])
}

func cutPrefix(s, prefix string) (string, bool) {
	return strings.TrimPrefix(s, prefix), strings.HasPrefix(s, prefix)
}
