// A peer in Go: golang.org/x/mod's sumdb/note and sumdb/tlog, which the checksum database's clients use, on a log of
// ours. It shares no code with ours.
//
//	peer check FOLDER VKEY   reads the folder's checkpoint, tiles, bundles and proofs.json, and makes the same proofs
//	peer sign NAME           signs a note made from standard input with a key made from nothing; prints key and note
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/ioutil"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// What our side claims. Hashes are in base64.
type proofs struct {
	Inclusion []struct {
		Index, Size int64
		Root        tlog.Hash
		Hashes      []tlog.Hash
	}
	Consistency []struct {
		Old     int64
		OldRoot tlog.Hash `json:"old_root"`
		Size    int64
		Root    tlog.Hash
		Hashes  []tlog.Hash
	}
}

func main() {
	switch {
	case len(os.Args) == 4 && os.Args[1] == "check":
		check(os.Args[2], os.Args[3])
	case len(os.Args) == 3 && os.Args[1] == "sign":
		sign(os.Args[2])
	default:
		fail("usage: peer check FOLDER VKEY | peer sign NAME")
	}
}

func fail(format string, values ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}

func must(err error, doing string, values ...interface{}) {
	if err != nil {
		fail("%s: %v", fmt.Sprintf(doing, values...), err)
	}
}

// A folder of tiles as sumdb/tlog asks for them.
type folder string

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range tiles {
		// Its paths name the height that a tile has; those of tlog-tiles, where it is always 8, do not.
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := ioutil.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

func check(path, vkey string) {
	tree := checkpoint(path, vkey)
	hashes := tlog.TileHashReader(tree, folder(path))
	root, err := tlog.TreeHash(tree.N, hashes)
	must(err, "the tree of %d", tree.N)
	if root != tree.Hash {
		fail("expected the root %v, found %v", tree.Hash, root)
	}
	text, err := ioutil.ReadFile(filepath.Join(path, "proofs.json"))
	must(err, "proofs.json")
	var claimed proofs
	must(json.Unmarshal(text, &claimed), "proofs.json")
	leaves := records(path, tree.N)
	inclusion(claimed, hashes, leaves)
	consistency(claimed, hashes)
	fmt.Printf("%d entries, %d inclusion proofs, %d consistency proofs\n", tree.N, len(claimed.Inclusion), len(claimed.Consistency))
}

// The tree that the checkpoint is of: a note by the log's key, whose text is three lines.
func checkpoint(path, vkey string) tlog.Tree {
	text, err := ioutil.ReadFile(filepath.Join(path, "checkpoint"))
	must(err, "checkpoint")
	verifier, err := note.NewVerifier(vkey)
	must(err, "the log's key")
	opened, err := note.Open(text, note.VerifierList(verifier))
	must(err, "checkpoint")
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		fail("not a checkpoint: %q", opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "the checkpoint's size")
	hash, err := tlog.ParseHash(lines[2])
	must(err, "the checkpoint's root")
	bad := bytes.Replace(text, []byte("\n"+lines[1]+"\n"), []byte("\n1"+lines[1]+"\n"), 1)
	if _, err := note.Open(bad, note.VerifierList(verifier)); err == nil {
		fail("a checkpoint of another size was accepted")
	}
	return tlog.Tree{N: size, Hash: hash}
}

// The leaf hash of each entry, from the bundles.
func records(path string, size int64) []tlog.Hash {
	var leaves []tlog.Hash
	for index := int64(0); index*256 < size; index++ {
		tile := tlog.Tile{H: 8, L: -1, N: index, W: 256}
		if size-index*256 < 256 {
			tile.W = int(size - index*256)
		}
		name := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/data/")
		data, err := ioutil.ReadFile(filepath.Join(path, name))
		must(err, "%s", name)
		for len(data) >= 2 {
			length := int(binary.BigEndian.Uint16(data))
			leaves = append(leaves, tlog.RecordHash(data[2:2+length]))
			data = data[2+length:]
		}
	}
	if int64(len(leaves)) != size {
		fail("expected %d entries, found %d", size, len(leaves))
	}
	return leaves
}

func inclusion(claimed proofs, hashes tlog.HashReader, leaves []tlog.Hash) {
	for _, p := range claimed.Inclusion {
		what := fmt.Sprintf("entry %d of %d", p.Index, p.Size)
		root, err := tlog.TreeHash(p.Size, hashes)
		must(err, what)
		if root != p.Root {
			fail("%s: expected the root %v, found %v", what, root, p.Root)
		}
		must(tlog.CheckRecord(p.Hashes, p.Size, root, p.Index, leaves[p.Index]), what)
		made, err := tlog.ProveRecord(p.Size, p.Index, hashes)
		must(err, what)
		same(made, p.Hashes, what)
		for place := range p.Hashes {
			p.Hashes[place][31] ^= 1
			if tlog.CheckRecord(p.Hashes, p.Size, root, p.Index, leaves[p.Index]) == nil {
				fail("%s: a proof with another hash was accepted", what)
			}
			p.Hashes[place][31] ^= 1
		}
	}
}

func consistency(claimed proofs, hashes tlog.HashReader) {
	for _, p := range claimed.Consistency {
		what := fmt.Sprintf("from %d to %d", p.Old, p.Size)
		must(tlog.CheckTree(p.Hashes, p.Size, p.Root, p.Old, p.OldRoot), what)
		made, err := tlog.ProveTree(p.Size, p.Old, hashes)
		must(err, what)
		same(made, p.Hashes, what)
		for place := range p.Hashes {
			p.Hashes[place][0] ^= 1
			if tlog.CheckTree(p.Hashes, p.Size, p.Root, p.Old, p.OldRoot) == nil {
				fail("%s: a proof with another hash was accepted", what)
			}
			p.Hashes[place][0] ^= 1
		}
	}
}

func same(made, claimed []tlog.Hash, what string) {
	if len(made) != len(claimed) {
		fail("%s: expected %d hashes, found %d", what, len(made), len(claimed))
	}
	for place := range made {
		if made[place] != claimed[place] {
			fail("%s: expected the hash %v in place %d, found %v", what, made[place], place, claimed[place])
		}
	}
}

func sign(name string) {
	text, err := ioutil.ReadAll(os.Stdin)
	must(err, "standard input")
	skey, vkey, err := note.GenerateKey(bytes.NewReader(make([]byte, 256)), name)
	must(err, "a key")
	signer, err := note.NewSigner(skey)
	must(err, "a key")
	signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
	must(err, "the note")
	fmt.Printf("%s\n%s", vkey, signed)
}
