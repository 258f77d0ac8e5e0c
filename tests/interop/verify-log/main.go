// Verify-log checks the folder of a log with the Go project's own implementation of signed notes and
// transparency logs, golang.org/x/mod/sumdb/{note,tlog}: code that shares nothing with this repository.
//
//	verify-log [-older CHECKPOINT]... FOLDER VKEY...
//	verify-log -note CHECKPOINT VKEY...
//
// It opens FOLDER/checkpoint under the keys of the log (one of which must have signed), hashes every entry of the entry bundles again, compares the
// root, authenticates the tiles, and checks inclusion and consistency proofs made from them. With
// each -older it also proves that the log grew from that earlier signed checkpoint. With -note it opens
// nothing but one checkpoint.
// Exit status: 0 verified, 1 refused, 2 wrong use.
package main

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	// Proofs are checked for every entry up to this size, and for about this many beyond it.
	proofsMax = 2000
)

func main() {
	var older []string
	flag.Func("older", "file of an earlier checkpoint of the same log", func(file string) error {
		older = append(older, file)
		return nil
	})
	single := flag.String("note", "", "file of the only checkpoint to open")
	flag.Parse()
	var summary string
	var err error
	switch {
	case *single != "" && flag.NArg() > 0:
		summary, err = verifyNote(*single, flag.Args())
	case *single == "" && flag.NArg() > 1:
		summary, err = verifyLog(flag.Arg(0), flag.Args()[1:], older)
	default:
		fmt.Fprintln(os.Stderr, "usage: verify-log [-older CHECKPOINT]... FOLDER VKEY...")
		fmt.Fprintln(os.Stderr, "       verify-log -note CHECKPOINT VKEY...")
		os.Exit(2)
	}
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println("verified:", summary)
}

func verifyNote(file string, vkeys []string) (string, error) {
	verifiers, err := newVerifiers(vkeys)
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint(file, verifiers)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, %d entries", verifiers[0].Name(), tree.N), nil
}

// newVerifiers reads the keys of one log.
func newVerifiers(vkeys []string) ([]note.Verifier, error) {
	var verifiers []note.Verifier
	for _, vkey := range vkeys {
		verifier, err := note.NewVerifier(vkey)
		if err != nil {
			return nil, fmt.Errorf("verifier key: %w", err)
		}
		if len(verifiers) > 0 && verifiers[0].Name() != verifier.Name() {
			return nil, errors.New("verifier key: of another log")
		}
		verifiers = append(verifiers, verifier)
	}
	return verifiers, nil
}

func verifyLog(folder string, vkeys []string, older []string) (string, error) {
	verifiers, err := newVerifiers(vkeys)
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint(filepath.Join(folder, "checkpoint"), verifiers)
	if err != nil {
		return "", err
	}
	entries, err := hashEntries(folder, tree.N)
	if err != nil {
		return "", err
	}
	root, err := tlog.TreeHash(tree.N, entries)
	if err != nil {
		return "", err
	}
	if root != tree.Hash {
		return "", fmt.Errorf("root: the entries give %v, the checkpoint says %v", root, tree.Hash)
	}
	if err := checkTiles(folder, tree, entries); err != nil {
		return "", err
	}
	// From here on every hash that a proof uses comes from the tiles, authenticated against the root.
	tiles := tlog.TileHashReader(tree, &folderTiles{folder})
	proofs, err := checkProofs(tree, entries, tiles)
	if err != nil {
		return "", err
	}
	summary := fmt.Sprintf("%s, %d entries, %d inclusion and consistency proofs", verifiers[0].Name(), tree.N, proofs)
	for _, file := range older {
		olderTree, err := openCheckpoint(file, verifiers)
		if err != nil {
			return "", fmt.Errorf("older %w", err)
		}
		if err := checkGrowth(olderTree, tree, tiles); err != nil {
			return "", err
		}
		summary = fmt.Sprintf("%s, grown from %d", summary, olderTree.N)
	}
	return summary, nil
}

// openCheckpoint verifies the note and reads its three lines: origin, size, root.
func openCheckpoint(file string, verifiers []note.Verifier) (tlog.Tree, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(text, note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return tlog.Tree{}, errors.New("checkpoint: not three lines")
	}
	if lines[0] != verifiers[0].Name() {
		return tlog.Tree{}, fmt.Errorf("checkpoint: origin %q, key %q", lines[0], verifiers[0].Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 1 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("checkpoint: size %q", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: root: %w", err)
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

// storedHashes holds every complete subtree's hash, in the order of tlog.StoredHashIndex.
type storedHashes []tlog.Hash

func (s storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(s)) {
			return nil, fmt.Errorf("no stored hash %d", index)
		}
		hashes[i] = s[index]
	}
	return hashes, nil
}

// hashEntries reads all entry bundles of a tree and hashes each entry as a leaf.
func hashEntries(folder string, size int64) (storedHashes, error) {
	var stored storedHashes
	for first := int64(0); first < size; first += tileWidth {
		width := size - first
		if width > tileWidth {
			width = tileWidth
		}
		path := filepath.Join(folder, "tile", "entries", tilePath(first/tileWidth, int(width)))
		bundle, full, err := readPartialOrFull(path)
		if err != nil {
			return nil, err
		}
		for n := first; n < first+width; n++ {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("%s ends inside entry %d", path, n)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			hashes, err := tlog.StoredHashes(n, bundle[2:end], stored)
			if err != nil {
				return nil, err
			}
			stored = append(stored, hashes...)
			bundle = bundle[end:]
		}
		if len(bundle) != 0 && !full {
			return nil, fmt.Errorf("%s holds more than %d entries", path, width)
		}
	}
	return stored, nil
}

// checkTiles compares every byte of every tile of the tree with what the entries give.
func checkTiles(folder string, tree tlog.Tree, entries storedHashes) error {
	for _, tile := range tlog.NewTiles(tileHeight, 0, tree.N) {
		// NewTiles also names the narrower partial tiles of the way there.
		if stored := tree.N>>(tileHeight*tile.L) - tile.N*tileWidth; tile.W < tileWidth && int64(tile.W) != stored {
			continue
		}
		want, err := tlog.ReadTileData(tile, entries)
		if err != nil {
			return err
		}
		got, err := readTile(folder, tile)
		if err != nil {
			return err
		}
		if string(got) != string(want) {
			return fmt.Errorf("tile %s is not that of the entries", c2spPath(tile))
		}
	}
	return nil
}

// checkProofs makes and checks inclusion proofs, and consistency proofs between the same sizes.
func checkProofs(tree tlog.Tree, entries storedHashes, tiles tlog.HashReader) (int, error) {
	step := 1 + (tree.N-1)/proofsMax
	count := 0
	for n := int64(0); n < tree.N; n += step {
		record, err := tlog.ProveRecord(tree.N, n, tiles)
		if err != nil {
			return 0, fmt.Errorf("inclusion of %d: %w", n, err)
		}
		if err := tlog.CheckRecord(record, tree.N, tree.Hash, n, entries[tlog.StoredHashIndex(0, n)]); err != nil {
			return 0, fmt.Errorf("inclusion of %d: %w", n, err)
		}
		root, err := tlog.TreeHash(n+1, entries)
		if err != nil {
			return 0, err
		}
		if err := checkGrowth(tlog.Tree{N: n + 1, Hash: root}, tree, tiles); err != nil {
			return 0, err
		}
		count += 2
	}
	return count, nil
}

func checkGrowth(older, tree tlog.Tree, tiles tlog.HashReader) error {
	if older.N > tree.N {
		return fmt.Errorf("consistency: the older tree has %d entries, the newer %d", older.N, tree.N)
	}
	proof, err := tlog.ProveTree(tree.N, older.N, tiles)
	if err != nil {
		return fmt.Errorf("consistency with %d: %w", older.N, err)
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash); err != nil {
		return fmt.Errorf("consistency with %d: %w", older.N, err)
	}
	return nil
}

// folderTiles gives tlog the tiles of a folder laid out as C2SP tlog-tiles.
type folderTiles struct{ folder string }

func (f *folderTiles) Height() int { return tileHeight }

func (f *folderTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		var err error
		if data[i], err = readTile(f.folder, tile); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func (f *folderTiles) SaveTiles([]tlog.Tile, [][]byte) {}

func readTile(folder string, tile tlog.Tile) ([]byte, error) {
	data, full, err := readPartialOrFull(filepath.Join(folder, c2spPath(tile)))
	if full && len(data) >= tile.W*tlog.HashSize {
		data = data[:tile.W*tlog.HashSize]
	}
	return data, err
}

// readPartialOrFull reads a tile or bundle. A log may remove a partial one once the full one exists, which
// begins with the same bytes; full says that this one was read in its place.
func readPartialOrFull(path string) (data []byte, full bool, err error) {
	data, err = os.ReadFile(path)
	whole, _, partial := strings.Cut(filepath.ToSlash(path), ".p/")
	if !partial || !os.IsNotExist(err) {
		return data, false, err
	}
	if data, fullErr := os.ReadFile(filepath.FromSlash(whole)); fullErr == nil {
		return data, true, nil
	}
	return nil, false, err
}

// c2spPath is the path of C2SP tlog-tiles, which leaves out the tile height of tlog's own.
func c2spPath(tile tlog.Tile) string {
	return filepath.Join("tile", strconv.Itoa(tile.L), tilePath(tile.N, tile.W))
}

func tilePath(n int64, width int) string {
	path := strings.TrimPrefix(tlog.Tile{H: tileHeight, L: 0, N: n, W: width}.Path(), "tile/8/0/")
	return filepath.FromSlash(path)
}
