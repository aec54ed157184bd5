"""The tree against RFC 6962's own vectors, a library, and every small size."""

from hashlib import sha256

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.sealing import merkle

# The leaves and roots that the reference implementations of RFC 6962 are tested with.
REFERENCE_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(b"%d" % number) for number in range(count)]


class TestRoot:
    def test_of_nothing_is_the_hash_of_nothing(self):
        assert merkle.root(0, merkle.nodes_of([])) == sha256().digest()

    @pytest.mark.parametrize("size", range(1, 9))
    def test_is_that_of_the_reference(self, size):
        nodes = merkle.nodes_of([merkle.leaf_hash(each) for each in REFERENCE_LEAVES])
        assert merkle.root(size, nodes).hex() == REFERENCE_ROOTS[size - 1]

    @pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100, 257])
    def test_is_that_of_the_library(self, size):
        theirs = pymerkle.InmemoryTree(algorithm="sha256")
        for number in range(size):
            theirs.append_entry(b"%d" % number)
        nodes = merkle.nodes_of(leaves(size))
        for each in range(1, size + 1):
            assert merkle.root(each, nodes) == theirs.get_root(each)

    def test_grows_by_a_frontier_of_a_few_hashes(self):
        grown, nodes = merkle.Frontier(), merkle.nodes_of(leaves(300))
        for size, leaf in enumerate(leaves(300)):
            assert grown.root() == merkle.root(size, nodes)
            grown.append(leaf)
        assert grown.root() == merkle.root(300, nodes)


class TestInclusion:
    @settings(deadline=None)
    @given(st.data())
    def test_leads_every_leaf_to_the_root_and_no_other_there(self, data):
        size = data.draw(st.integers(1, 70))
        index = data.draw(st.integers(0, size - 1))
        made = leaves(70)
        nodes = merkle.nodes_of(made)
        path, head = merkle.inclusion(index, size, nodes), merkle.root(size, nodes)
        assert merkle.includes(made[index], index, size, path, head)
        for other in range(size):
            if other != index:
                assert not merkle.includes(made[other], index, size, path, head)
                assert not merkle.includes(made[index], other, size, path, head)
        assert not merkle.includes(made[index], index, size, [*path, head], head)
        for at in range(len(path)):
            changed = [*path[:at], merkle.EMPTY, *path[at + 1 :]]
            assert not merkle.includes(made[index], index, size, changed, head)
            assert not merkle.includes(made[index], index, size, path[:at] + path[at + 1 :], head)

    def test_is_not_of_a_leaf_that_the_tree_has_not(self):
        made = leaves(4)
        assert not merkle.includes(made[0], 4, 4, [], made[0])
        assert not merkle.includes(made[0], -1, 4, [], made[0])

    @pytest.mark.parametrize("size", [2, 5, 64, 100])
    def test_is_a_path_that_the_library_verifies(self, size):
        theirs = pymerkle.InmemoryTree(algorithm="sha256")
        for number in range(size):
            theirs.append_entry(b"%d" % number)
        nodes, head = merkle.nodes_of(leaves(size)), theirs.get_root(size)
        for index in range(size):
            proof = theirs.prove_inclusion(index + 1, size)  # It counts from 1.
            path = merkle.inclusion(index, size, nodes)
            assert [bytes.fromhex(each) for each in proof.serialize()["path"]][1:] == path
            assert merkle.includes(theirs.get_leaf(index + 1), index, size, path, head)


class TestBeside:
    """One proof for many leaves: only what they do not make up themselves."""

    @settings(deadline=None)
    @given(st.integers(1, 90), st.data())
    def test_is_enough_to_find_the_root_and_no_more(self, size, data):
        indices = data.draw(st.sets(st.integers(0, size - 1), min_size=1))
        nodes = merkle.nodes_of(leaves(90))
        ranges = merkle.beside(indices, size)
        given_ = {each: merkle.subtree(*each, nodes) for each in ranges}

        def fold(start: int, end: int) -> bytes:
            if (start, end) in given_:
                return given_.pop((start, end))
            if end - start == 1:
                return leaves(90)[start]
            middle = start + merkle.split(end - start)
            left = fold(start, middle)
            return merkle.node_hash(left, fold(middle, end))

        assert fold(0, size) == merkle.root(size, nodes)
        assert not given_

    def test_of_one_leaf_is_its_path(self):
        nodes = merkle.nodes_of(leaves(21))
        ranges = merkle.beside([13], 21)
        path = merkle.inclusion(13, 21, nodes)
        assert sorted(merkle.subtree(*each, nodes) for each in ranges) == sorted(path)


class TestConsistency:
    @settings(deadline=None)
    @given(st.integers(1, 80), st.data())
    def test_shows_that_one_tree_begins_with_another(self, second, data):
        first = data.draw(st.integers(0, second))
        nodes = merkle.nodes_of(leaves(80))
        old, new = merkle.root(first, nodes), merkle.root(second, nodes)
        path = merkle.consistency(first, second, nodes)
        assert merkle.is_consistent(first, second, old, new, path)
        assert not merkle.is_consistent(first, second, old, new, [*path, old])
        if first not in (0, second):
            other = merkle.leaf_hash(b"other")
            assert not merkle.is_consistent(first, second, other, new, path)
            assert not merkle.is_consistent(first, second, old, other, path)
            for at in range(len(path)):
                assert not merkle.is_consistent(first, second, old, new, path[:at])
                changed = [*path[:at], other, *path[at + 1 :]]
                assert not merkle.is_consistent(first, second, old, new, changed)

    def test_is_not_between_trees_of_which_one_was_rewritten(self):
        made = leaves(20)
        old = merkle.root(11, merkle.nodes_of(made))
        made[4] = merkle.leaf_hash(b"rewritten")
        nodes = merkle.nodes_of(made)
        path = merkle.consistency(11, 20, nodes)
        assert not merkle.is_consistent(11, 20, old, merkle.root(20, nodes), path)

    def test_goes_forward_only(self):
        nodes = merkle.nodes_of(leaves(4))
        old, new = merkle.root(4, nodes), merkle.root(2, nodes)
        assert not merkle.is_consistent(4, 2, old, new, [])
        assert not merkle.is_consistent(0, 2, new, new, [])

    def test_is_that_of_the_example_in_the_rfc(self):
        """RFC 9162, 2.1.5: the proofs of a tree of seven leaves, by their nodes."""
        a, b, c, d, e, f, j = leaves(7)
        g, h, i = merkle.node_hash(a, b), merkle.node_hash(c, d), merkle.node_hash(e, f)
        k = merkle.node_hash(g, h)
        l = merkle.node_hash(i, j)  # noqa: E741 - as the RFC calls it
        nodes = merkle.nodes_of([a, b, c, d, e, f, j])
        assert merkle.consistency(3, 7, nodes) == [c, d, g, l]
        assert merkle.consistency(4, 7, nodes) == [l]
        assert merkle.consistency(6, 7, nodes) == [i, j, k]
