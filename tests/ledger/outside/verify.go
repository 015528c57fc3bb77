// SPDX-License-Identifier: Apache-2.0

// Checks an exported log with Go's own checksum-database packages and nothing of ours.
//
//	verify FOLDER VKEY [OLD-CHECKPOINT]
//
// Every entry of the bundles is hashed and shown, through the tiles, to be in the tree that the checkpoint signs;
// with an older checkpoint the tree is shown to begin with that one's.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := check(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
}

func check(args []string) error {
	folder, vkey := args[0], args[1]
	tree, err := open(filepath.Join(folder, "checkpoint"), vkey)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, &tiles{folder})
	if err := checkEntries(folder, tree, reader); err != nil {
		return err
	}
	for _, path := range args[2:] {
		if err := checkOlder(path, vkey, tree, reader); err != nil {
			return err
		}
	}
	fmt.Printf("%d %s\n", tree.N, tree.Hash)
	return nil
}

// open returns the tree that the checkpoint at path signs.
func open(path, vkey string) (tlog.Tree, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

// checkEntries shows that each entry is the leaf that the authenticated tiles have, and proves the first of each bundle.
func checkEntries(folder string, tree tlog.Tree, reader tlog.HashReader) error {
	for start := int64(0); start < tree.N; start += 256 {
		width := int(min(256, tree.N-start))
		entries, err := bundle(folder, start/256, width)
		if err != nil {
			return err
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, start+int64(i))
		}
		leaves, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != leaves[i] {
				return fmt.Errorf("entry %d is not what was signed", start+int64(i))
			}
		}
		proof, err := tlog.ProveRecord(tree.N, start, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, start, leaves[0]); err != nil {
			return err
		}
	}
	return nil
}

func checkOlder(path, vkey string, tree tlog.Tree, reader tlog.HashReader) error {
	older, err := open(path, vkey)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(tree.N, older.N, reader)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash)
}

// groups writes a tile's number as its path: three digits a folder, all but the last after an x.
func groups(n int64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	return path
}

func file(folder, kind string, n int64, width int) ([]byte, error) {
	path := filepath.Join(folder, "tile", kind, groups(n))
	if width != 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return os.ReadFile(path)
}

func bundle(folder string, n int64, width int) ([][]byte, error) {
	data, err := file(folder, "entries", n, width)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("bundle %d is cut", n)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries, data = append(entries, data[2:end]), data[end:]
	}
	if len(entries) != width {
		return nil, fmt.Errorf("bundle %d has %d entries, not %d", n, len(entries), width)
	}
	return entries, nil
}

// tiles reads tiles of hashes from the folder.
type tiles struct{ folder string }

func (t *tiles) Height() int { return 8 }

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		data, err := file(t.folder, strconv.Itoa(tile.L), tile.N, tile.W)
		if err != nil {
			return nil, err
		}
		if len(data) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("tile %s is cut", tile.Path())
		}
		found = append(found, data)
	}
	return found, nil
}
