Module Systems.
(* --- a contraction of a box has exactly one fixed point --- *)
Definition within (n : nat) (c r x : nat -> R) : Prop := forall i, (i < n)%nat -> Rabs (x i - c i) <= r i.
Definition apart_by (n : nat) (r : nat -> R) (t : R) (x y : nat -> R) : Prop := forall i, (i < n)%nat -> Rabs (x i - y i) <= t * r i.
Lemma small_powers : forall q eps, 0 <= q -> q < 1 -> 0 < eps -> exists N, forall k, (k >= N)%nat -> q ^ k < eps.
Proof.
  intros q eps Q0 Q1 He. destruct (pow_lt_1_zero q ltac:(rewrite Rabs_pos_eq; lra) eps He) as [N H]. exists N. intros k K.
  specialize (H k K). rewrite Rabs_pos_eq in H; auto. now apply pow_le.
Qed.
Lemma vanishes : forall q a c, 0 <= q -> q < 1 -> (forall k, Rabs a <= q ^ k * c) -> a = 0.
Proof.
  intros q a c Q0 Q1 H. destruct (Req_dec a 0) as [Z0|N]; auto. exfalso. pose proof (Rabs_pos_lt a N) as P.
  assert (C : 0 < c). { specialize (H O). simpl in H. lra. }
  destruct (small_powers q (Rabs a / c) Q0 Q1 ltac:(now apply Rdiv_lt_0_compat)) as [M HM]. specialize (HM M ltac:(lia)). specialize (H M).
  apply (Rmult_lt_compat_r c) in HM; auto. replace (Rabs a / c * c) with (Rabs a) in HM by (field; lra). lra.
Qed.
Section Banach.
Variables (n : nat) (c r : nat -> R) (g : (nat -> R) -> nat -> R) (q : R).
Hypothesis (q0 : 0 <= q) (q1 : q < 1) (r0 : forall i, (i < n)%nat -> 0 <= r i).
Hypothesis stays : forall x, within n c r x -> within n c r (g x).
Hypothesis contracts : forall t x y, 0 <= t -> within n c r x -> within n c r y -> apart_by n r t x y -> apart_by n r (q * t) (g x) (g y).
Fixpoint iterate (k : nat) (x : nat -> R) : nat -> R := match k with O => x | S k' => g (iterate k' x) end.
Lemma iterate_within : forall k x, within n c r x -> within n c r (iterate k x).
Proof. induction k; simpl; auto. Qed.
Lemma iterate_apart : forall k x y, within n c r x -> within n c r y -> apart_by n r (q ^ k * 2) (iterate k x) (iterate k y).
Proof.
  induction k; intros x y X Y.
  - intros i Hi. simpl. rewrite Rmult_1_l. replace (x i - y i) with ((x i - c i) - (y i - c i)) by ring. unfold Rminus at 1.
    apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_Ropp. specialize (X i Hi). specialize (Y i Hi). lra.
  - simpl. rewrite Rmult_assoc. apply contracts; auto using iterate_within. apply Rmult_le_pos. now apply pow_le. lra.
Qed.
Lemma iterate_plus : forall k m x, iterate (k + m) x = iterate k (iterate m x).
Proof. induction k; intros; simpl; auto. now rewrite IHk. Qed.
Lemma center_within : within n c r c.
Proof. intros i Hi. replace (c i - c i) with 0 by ring. rewrite Rabs_R0. auto. Qed.
Definition path (i : nat) (k : nat) : R := if lt_dec i n then iterate k c i else 0.
Lemma path_near : forall i k m, Rabs (path i k - path i (k + m)) <= q ^ k * (2 * Rabs (r i)).
Proof.
  intros. unfold path. destruct (lt_dec i n) as [L|L].
  - rewrite iterate_plus. pose proof (iterate_apart k c (iterate m c) center_within (iterate_within m c center_within) i L) as H.
    rewrite (Rabs_pos_eq (r i)) by auto. lra.
  - replace (0 - 0) with 0 by ring. rewrite Rabs_R0. apply Rmult_le_pos. now apply pow_le. pose proof (Rabs_pos (r i)). lra.
Qed.
Lemma path_cauchy : forall i, Cauchy_crit (path i).
Proof.
  intros i eps He. set (b := 2 * Rabs (r i) + 1). assert (B : 0 < b) by (pose proof (Rabs_pos (r i)); unfold b; lra).
  destruct (small_powers q (eps / 2 / b) q0 q1) as [N HN]. apply Rdiv_lt_0_compat; lra.
  assert (K : forall m, (m >= N)%nat -> Rabs (path i N - path i m) < eps / 2).
  { intros m Hm. replace m with (N + (m - N))%nat by lia. apply Rle_lt_trans with (1 := path_near i N (m - N)).
    specialize (HN N ltac:(lia)). apply Rle_lt_trans with (q ^ N * b). apply Rmult_le_compat_l. now apply pow_le. unfold b; lra.
    apply (Rmult_lt_compat_r b) in HN; auto. replace (eps / 2 / b * b) with (eps / 2) in HN by (field; lra). exact HN. }
  exists N. intros k m Hk Hm. unfold R_dist. replace (path i k - path i m) with (- (path i N - path i k) + (path i N - path i m)) by ring.
  apply Rle_lt_trans with (1 := Rabs_triang _ _). rewrite Rabs_Ropp. pose proof (K k Hk). pose proof (K m Hm). lra.
Qed.
Definition limit (i : nat) : R := proj1_sig (Rcomplete.R_complete _ (path_cauchy i)).
Lemma limit_near : forall i a b, (forall k, Rabs (path i k - a) <= b) -> Rabs (limit i - a) <= b.
Proof.
  intros i a b H. unfold limit. destruct (Rcomplete.R_complete _ (path_cauchy i)) as [l L]. simpl. apply le_epsilon. intros eps He.
  destruct (L eps He) as [N HN]. specialize (HN N ltac:(lia)). unfold R_dist in HN. specialize (H N).
  replace (l - a) with (- (path i N - l) + (path i N - a)) by ring. apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_Ropp. lra.
Qed.
Lemma limit_path : forall i k, Rabs (limit i - path i k) <= q ^ k * (2 * Rabs (r i)).
Proof.
  intros. unfold limit. destruct (Rcomplete.R_complete _ (path_cauchy i)) as [l L]. simpl. apply le_epsilon. intros eps He.
  destruct (L eps He) as [N HN]. specialize (HN (k + N)%nat ltac:(lia)). unfold R_dist in HN. pose proof (path_near i k N) as P.
  replace (l - path i k) with (- (path i (k + N) - l) + - (path i k - path i (k + N))) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite !Rabs_Ropp. lra.
Qed.
Lemma path_step : forall i k, (i < n)%nat -> path i k = iterate k c i.
Proof. intros. unfold path. destruct (lt_dec i n); tauto. Qed.
Lemma limit_within : within n c r limit.
Proof. intros i Hi. apply limit_near. intros k. rewrite path_step by auto. now apply iterate_within; auto using center_within. Qed.
Lemma limit_apart : forall k, apart_by n r (q ^ k * 2) limit (iterate k c).
Proof.
  intros k i Hi. pose proof (limit_path i k) as H. rewrite path_step, (Rabs_pos_eq (r i)) in H by auto.
  replace (q ^ k * 2 * r i) with (q ^ k * (2 * r i)) by ring. exact H.
Qed.
Theorem fixed_point : (exists x, within n c r x /\ forall i, (i < n)%nat -> g x i = x i) /\
  (forall x y, within n c r x -> within n c r y -> (forall i, (i < n)%nat -> g x i = x i) -> (forall i, (i < n)%nat -> g y i = y i) ->
    forall i, (i < n)%nat -> x i = y i).
Proof.
  split.
  - exists limit. split. exact limit_within. intros i Hi. apply Rminus_diag_uniq. apply (vanishes q _ (4 * r i)); auto. intros k.
    pose proof (contracts (q ^ k * 2) limit (iterate k c) ltac:(apply Rmult_le_pos; [now apply pow_le | lra]) limit_within (iterate_within k c center_within) (limit_apart k) i Hi) as H1.
    pose proof (limit_apart (S k) i Hi) as H2. cbn [iterate pow] in H1, H2.
    replace (g limit i - limit i) with ((g limit i - g (iterate k c) i) + - (limit i - g (iterate k c) i)) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_Ropp.
    assert (P : 0 <= q ^ k * r i) by (apply Rmult_le_pos; [now apply pow_le | auto]).
    assert (Q : q * (q ^ k * r i) <= 1 * (q ^ k * r i)) by (apply Rmult_le_compat_r; lra). lra.
  - intros x y X Y Fx Fy i Hi. apply Rminus_diag_uniq. apply (vanishes q _ (2 * r i)); auto. intros k.
    assert (K : apart_by n r (q ^ k * 2) x y).
    { induction k.
      - exact (iterate_apart 0 x y X Y).
      - intros j Hj. rewrite <- (Fx j Hj), <- (Fy j Hj). simpl. rewrite (Rmult_assoc q).
        apply contracts; auto. apply Rmult_le_pos. now apply pow_le. lra. }
    specialize (K i Hi). lra.
Qed.
End Banach.
(* --- zeros of n functions of n variables, from slopes and an approximate inverse --- *)
Lemma total_abs : forall n f, Rabs (total n f) <= total n (fun i => Rabs (f i)).
Proof.
  induction n; intros. simpl. rewrite Rabs_R0. lra. cbn [total]. apply Rle_trans with (1 := Rabs_triang _ _). specialize (IHn (fun i => f (S i))). lra.
Qed.
Lemma total_less : forall n f g, (forall i, (i < n)%nat -> f i <= g i) -> total n f <= total n g.
Proof.
  induction n; intros. simpl; lra. cbn [total]. apply Rplus_le_compat. apply H; lia. apply IHn. intros; apply H; lia.
Qed.
Lemma total_swap : forall n m f, total n (fun i => total m (fun j => f i j)) = total m (fun j => total n (fun i => f i j)).
Proof.
  induction n; intros; simpl. induction m; simpl; auto. rewrite <- IHm. ring.
  rewrite IHn. rewrite <- total_plus. apply total_ext. reflexivity.
Qed.
Definition unit_at (i j : nat) : R := if Nat.eqb i j then 1 else 0.
Lemma total_unit : forall n i f, (i < n)%nat -> total n (fun j => unit_at i j * f j) = f i.
Proof.
  assert (Z0 : forall n (f : nat -> R), (forall i, (i < n)%nat -> f i = 0) -> total n f = 0).
  { induction n; intros; simpl; auto. rewrite H by lia. rewrite IHn. ring. intros; apply H; lia. }
  induction n; intros i f Hi. lia. cbn [total]. destruct i as [|i].
  - rewrite Z0. unfold unit_at. simpl. ring. intros. unfold unit_at. simpl. ring.
  - assert (Q := IHn i (fun j => f (S j)) ltac:(lia)). cbv beta in Q. rewrite <- Q. unfold unit_at at 1. simpl Nat.eqb. rewrite Rmult_0_l, Rplus_0_l.
    apply total_ext. intros; reflexivity.
Qed.
Section Newton.
Variables (n : nat) (c r : nat -> R) (f : (nat -> R) -> nat -> R) (Y A : nat -> nat -> R) (q : R).
Hypothesis (q0 : 0 <= q) (q1 : q < 1) (r0 : forall i, (i < n)%nat -> 0 <= r i).
Definition rest (s : nat -> nat -> R) (i j : nat) : R := unit_at i j - total n (fun k => Y i k * s k j).
(* The slopes of f between two points of the box. *)
Hypothesis slopes : forall x y, within n c r x -> within n c r y -> exists s : nat -> nat -> R,
  (forall k, (k < n)%nat -> f x k - f y k = total n (fun j => s k j * (x j - y j))) /\
  (forall i, (i < n)%nat -> total n (fun j => Rabs (rest s i j) * r j) <= q * r i).
Hypothesis middle : forall i, (i < n)%nat -> Rabs (total n (fun k => Y i k * f c k)) <= (1 - q) * r i.
Hypothesis inverse : forall i, (i < n)%nat -> total n (fun j => Rabs (unit_at i j - total n (fun k => A i k * Y k j))) <= / 2.
Definition newton (x : nat -> R) (i : nat) : R := x i - total n (fun k => Y i k * f x k).
Lemma newton_apart : forall t x y, 0 <= t -> within n c r x -> within n c r y -> apart_by n r t x y -> apart_by n r (q * t) (newton x) (newton y).
Proof.
  intros t x y T X Z D i Hi. destruct (slopes x y X Z) as [s [S1 S2]]. unfold newton.
  assert (E : x i - total n (fun k => Y i k * f x k) - (y i - total n (fun k => Y i k * f y k)) = total n (fun j => rest s i j * (x j - y j))).
  { assert (E1 : total n (fun k => Y i k * f x k) - total n (fun k => Y i k * f y k) = total n (fun j => total n (fun k => Y i k * s k j) * (x j - y j))).
    { transitivity (total n (fun k => total n (fun j => Y i k * (s k j * (x j - y j))))).
      - transitivity (total n (fun k => Y i k * f x k) + -1 * total n (fun k => Y i k * f y k)). ring.
        rewrite <- total_scale, <- total_plus. apply total_ext. intros k Hk. rewrite total_scale, <- S1 by auto. ring.
      - rewrite total_swap. apply total_ext. intros j Hj. rewrite Rmult_comm, <- total_scale. apply total_ext. intros; ring. }
    transitivity (total n (fun j => unit_at i j * (x j - y j)) + -1 * total n (fun j => total n (fun k => Y i k * s k j) * (x j - y j))).
    - rewrite <- E1, (total_unit n i (fun j => x j - y j)) by auto. ring.
    - rewrite <- total_scale, <- total_plus. apply total_ext. intros j Hj. unfold rest. ring. }
  rewrite E. apply Rle_trans with (1 := total_abs _ _). apply Rle_trans with (total n (fun j => t * (Rabs (rest s i j) * r j))).
  - apply total_less. intros j Hj. rewrite Rabs_mult. specialize (D j Hj). pose proof (Rabs_pos (rest s i j)).
    apply Rle_trans with (Rabs (rest s i j) * (t * r j)). now apply Rmult_le_compat_l. right; ring.
  - rewrite total_scale. specialize (S2 i Hi). apply Rle_trans with (t * (q * r i)). now apply Rmult_le_compat_l. right; ring.
Qed.
Lemma newton_within : forall x, within n c r x -> within n c r (newton x).
Proof.
  intros x X i Hi. assert (C : within n c r c). { intros j Hj. replace (c j - c j) with 0 by ring. rewrite Rabs_R0. auto. }
  pose proof (newton_apart 1 x c ltac:(lra) X C ltac:(intros j Hj; rewrite Rmult_1_l; now apply X) i Hi) as H.
  pose proof (middle i Hi) as M. replace (newton x i - c i) with ((newton x i - newton c i) + - total n (fun k => Y i k * f c k)) by (unfold newton; ring).
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_Ropp. lra.
Qed.
Lemma only_zero : forall v : nat -> R, (forall i, (i < n)%nat -> total n (fun k => Y i k * v k) = 0) -> forall i, (i < n)%nat -> v i = 0.
Proof.
  intros v H i Hi. apply (vanishes (/ 2) _ (total n (fun j => Rabs (v j)))); try lra. intros k. revert i Hi. induction k; intros i Hi.
  - simpl. rewrite Rmult_1_l. clear H. revert v i Hi. assert (P : forall m (v : nat -> R), 0 <= total m (fun j => Rabs (v j))).
    { induction m; intros; simpl; try lra. pose proof (Rabs_pos (v O)). specialize (IHm (fun i => v (S i))). lra. }
    assert (G : forall m (v : nat -> R) i, (i < m)%nat -> Rabs (v i) <= total m (fun j => Rabs (v j))).
    { induction m; intros v i Hi. lia. cbn [total]. destruct i as [|i]. specialize (P m (fun i => v (S i))). lra.
      specialize (IHm (fun i => v (S i)) i ltac:(lia)). pose proof (Rabs_pos (v O)). lra. }
    apply G.
  - set (B := total n (fun j => Rabs (v j))) in *.
    assert (E : v i = total n (fun j => (unit_at i j - total n (fun k => A i k * Y k j)) * v j)).
    { transitivity (total n (fun j => unit_at i j * v j) + -1 * total n (fun k => A i k * total n (fun j => Y k j * v j))).
      - rewrite total_unit by auto. rewrite (total_ext n (fun k => A i k * total n (fun j => Y k j * v j)) (fun _ => 0 * 0)).
        rewrite total_scale. ring. intros k' Hk. rewrite H by auto. ring.
      - transitivity (total n (fun j => unit_at i j * v j) + -1 * total n (fun j => total n (fun k => A i k * Y k j) * v j)).
        + f_equal. f_equal. transitivity (total n (fun k => total n (fun j => A i k * (Y k j * v j)))).
          apply total_ext. intros. now rewrite total_scale. rewrite total_swap. apply total_ext. intros. rewrite Rmult_comm, <- total_scale. apply total_ext. intros; ring.
        + rewrite <- total_scale, <- total_plus. apply total_ext. intros. ring. }
    rewrite E. apply Rle_trans with (1 := total_abs _ _). apply Rle_trans with (total n (fun j => (/ 2) ^ k * B * Rabs (unit_at i j - total n (fun k => A i k * Y k j)))).
    + apply total_less. intros j Hj. rewrite Rabs_mult, Rmult_comm. apply Rmult_le_compat_r. apply Rabs_pos. auto.
    + rewrite total_scale. specialize (inverse i Hi). simpl.
      assert (0 <= (/ 2) ^ k * B). { apply Rmult_le_pos. apply pow_le; lra. specialize (IHk i Hi). pose proof (Rabs_pos (v i)).
        unfold B. clear. induction n; simpl; try lra. pose proof (Rabs_pos (v O)). assert (forall m (v : nat -> R), 0 <= total m (fun j => Rabs (v j))).
        { induction m; intros w; simpl; try lra. pose proof (Rabs_pos (w O)). specialize (IHm (fun i => w (S i))). lra. }
        specialize (H0 n0 (fun i => v (S i))). lra. }
      apply Rle_trans with ((/ 2) ^ k * B * / 2). now apply Rmult_le_compat_l. right; ring.
Qed.
Theorem one_zero : (exists x, within n c r x /\ forall i, (i < n)%nat -> f x i = 0) /\
  (forall x y, within n c r x -> within n c r y -> (forall i, (i < n)%nat -> f x i = 0) -> (forall i, (i < n)%nat -> f y i = 0) ->
    forall i, (i < n)%nat -> x i = y i).
Proof.
  destruct (fixed_point n c r newton q q0 q1 r0 newton_within newton_apart) as [[x [X F]] U]. split.
  - exists x. split; auto. apply only_zero. intros i Hi. specialize (F i Hi). unfold newton in F. lra.
  - assert (Z0 : forall x, (forall i, (i < n)%nat -> f x i = 0) -> forall i, (i < n)%nat -> newton x i = x i).
    { intros z Hz i Hi. unfold newton. rewrite (total_ext n (fun k => Y i k * f z k) (fun _ => 0 * 0)). rewrite total_scale. ring.
      intros. rewrite Hz by auto. ring. }
    intros. apply U; auto.
Qed.
End Newton.
(* --- formulas in several unknowns, FP 0, FP 1, ...; then come the inputs --- *)
Fixpoint freed (j : nat) (f : form) : form :=
  match f with
  | FX => FN 0 | FP k => if Nat.eqb k j then FX else FP k | FN z => FN z | FNeg a => FNeg (freed j a)
  | FAdd a b => FAdd (freed j a) (freed j b) | FSub a b => FSub (freed j a) (freed j b)
  | FMul a b => FMul (freed j a) (freed j b) | FDiv a b => FDiv (freed j a) (freed j b)
  | FPow a n => FPow (freed j a) n | FExp a => FExp (freed j a) | FLn a => FLn (freed j a) | FSqrt a => FSqrt (freed j a)
  | FSin a => FSin (freed j a) | FCos a => FCos (freed j a) | FAtan a => FAtan (freed j a) | FTanh a => FTanh (freed j a)
  | FErf a => FErf (freed j a) | FMean t us => FMean t (List.map (freed j) us)
  end.
Lemma freed_read : forall j e e' z, (forall k, k <> j -> List.nth k e 0 = List.nth k e' 0) -> List.nth j e' 0 = z ->
  forall f, read_at e (freed j f) z = read_at e' f 0.
Proof.
  intros j e e' z H Hj. apply form_all; cbn [freed read_at]; intros; try congruence.
  - destruct (Nat.eqb_spec k j) as [->|N]; cbn [read_at]; auto.
  - f_equal. f_equal. rewrite List.map_map. apply List.map_ext_Forall. exact H0.
Qed.
Fixpoint uses (k : nat) (t : term) : bool :=
  match t with
  | Var => false | Num _ => false | Par i => Nat.eqb i k | Neg a => uses k a | Pow a _ => uses k a | Exp a => uses k a | Tanh a => uses k a
  | Add a b => uses k a || uses k b | Sub a b => uses k a || uses k b | Mul a b => uses k a || uses k b
  | Div a b => uses k a || uses k b | Max a b => uses k a || uses k b | Min a b => uses k a || uses k b
  end.
Lemma uses_value : forall e e' t, (forall k, uses k t = true -> List.nth k e 0 = List.nth k e' 0) -> forall x, value e t x = value e' t x.
Proof.
  intros e e'. induction t; cbn [uses value]; intros H x; auto;
    try (rewrite IHt by auto; reflexivity);
    try (rewrite IHt1, IHt2 by (intros k K; apply H; rewrite K, ?orb_true_r; reflexivity); reflexivity).
  apply H. apply Nat.eqb_refl.
Qed.
Fixpoint moved (f : form) : bool :=
  match f with
  | FX => true | FP _ => false | FN _ => false | FNeg a => moved a | FPow a _ => moved a | FExp a => moved a
  | FLn a => moved a | FSqrt a => moved a | FSin a => moved a | FCos a => moved a | FAtan a => moved a | FTanh a => moved a | FErf a => moved a
  | FAdd a b => moved a || moved b | FSub a b => moved a || moved b | FMul a b => moved a || moved b | FDiv a b => moved a || moved b
  | FMean t us => (fix some (k : nat) (l : list form) : bool :=
      match l with nil => false | cons u l' => (uses k t && moved u) || some (S k) l' end) O us
  end.
Lemma moved_not : forall e z w f, moved f = false -> read_at e f z = read_at e f w.
Proof.
  intros e z w. apply (form_all (fun f => moved f = false -> read_at e f z = read_at e f w)); cbn [moved read_at]; intros; try discriminate; auto;
    repeat match goal with H : _ || _ = false |- _ => apply orb_false_iff in H; destruct H end;
    repeat match goal with H : moved ?a = false -> _, K : moved ?a = false |- _ => specialize (H K) end; try congruence.
  f_equal. apply functional_extensionality. apply uses_value. intros k K.
  set (some := fix some (k : nat) (l : list form) : bool := match l with nil => false | cons u l' => (uses k t && moved u) || some (S k) l' end) in *.
  assert (G : forall l i, List.Forall (fun f => moved f = false -> read_at e f z = read_at e f w) l -> some i l = false -> forall m, uses (i + m) t = true ->
    List.nth m (List.map (fun u => read_at e u z) l) 0 = List.nth m (List.map (fun u => read_at e u w) l) 0).
  { induction l as [|u l]; intros i Hl Hs m Um. destruct m; reflexivity. cbn [some] in Hs. apply orb_false_iff in Hs. destruct Hs as [S1 S2].
    inversion Hl as [|? ? L1 L2]. destruct m as [|m]; cbn [List.map List.nth].
    - apply L1. rewrite Nat.add_0_r in Um. rewrite Um in S1. exact S1.
    - apply (IHl (S i) L2 S2). replace (S i + m)%nat with (i + S m)%nat by lia. exact Um. }
  exact (G us O H H0 k K).
Qed.
Definition slope (p q : F.precision) (o : effort) (E : list I.type) (j : nat) (f : form) : option I.type :=
  let g := freed j f in
  if moved g then match ad true p q o E (List.nth j E I.nai) g with Some (_, D) => Some D | None => None end else Some I.zero.
Definition got (x : option I.type) : I.type := match x with Some X => X | None => I.nai end.
Definition is_some (x : option I.type) : bool := match x with Some _ => true | None => false end.
Lemma slope_correct : forall p q o E j f, is_some (slope p q o E j f) = true -> forall e e', around E e -> around E e' ->
  (forall k, k <> j -> List.nth k e 0 = List.nth k e' 0) ->
  exists s, holds (got (slope p q o E j f)) s /\ read_at e f 0 - read_at e' f 0 = s * (List.nth j e 0 - List.nth j e' 0).
Proof.
  intros p q o E j f S e e' HE HE' Same. set (x := List.nth j e 0). set (y := List.nth j e' 0). set (X := List.nth j E I.nai) in *.
  rewrite <- (freed_read j e e x (fun _ _ => eq_refl) eq_refl f). rewrite <- (freed_read j e e' y Same eq_refl f).
  unfold slope in *. fold X in S |- *. set (g := freed j f) in *.
  assert (Hx : holds X x) by apply HE. assert (Hy : holds X y) by apply HE'.
  destruct (moved g) eqn:M.
  - destruct (ad true p q o E X g) as [[V D]|] eqn:Ea; try discriminate S. pose proof (ad_correct true p q o E X e HE g V D Ea) as K.
    assert (In : forall c, Rmin y x <= c <= Rmax y x -> holds X c).
    { intros c C. apply (holds_between X (Rmin y x) (Rmax y x)); auto. unfold Rmin; destruct Rle_dec; auto. unfold Rmax; destruct Rle_dec; auto. }
    destruct (MVT_gen (read_at e g) y x (rising e g)) as [c [C Eq]].
    + intros. apply K. apply In. lra.
    + intros. apply continuity_pt_filterlim. apply (ex_derive_continuous (read_at e g)). eexists. apply K. now apply In.
    + exists (rising e g c). split; auto. cbn [got]. apply K. now apply In.
  - exists 0. split. exact holds_0. rewrite (moved_not e x y g M). ring.
Qed.
(* --- points of a box, and lists --- *)
Definition listed (n : nat) (x : nat -> R) : list R := List.map x (List.seq 0 n).
Lemma listed_nth : forall n x k, (k < n)%nat -> List.nth k (listed n x) 0 = x k.
Proof.
  intros. unfold listed. rewrite (List.nth_indep _ 0 (x O)) by now rewrite List.map_length, List.seq_length.
  rewrite (List.map_nth x), List.seq_nth by auto. reflexivity.
Qed.
Lemma listed_length : forall n x, length (listed n x) = n.
Proof. intros. unfold listed. now rewrite List.map_length, List.seq_length. Qed.
Lemma choice_below : forall (T : Type) (d : T) (n : nat) (P : nat -> T -> Prop), (forall k, (k < n)%nat -> exists s, P k s) ->
  exists S : nat -> T, forall k, (k < n)%nat -> P k (S k).
Proof.
  induction n; intros P H. exists (fun _ => d). intros; lia. destruct (IHn P) as [S HS]. intros; apply H; lia. destruct (H n ltac:(lia)) as [s Hs].
  exists (fun k => if Nat.eqb k n then s else S k). intros k Hk. destruct (Nat.eqb_spec k n) as [->|N]; auto. apply HS. lia.
Qed.
Fixpoint sum_ (p : F.precision) (n : nat) (f : nat -> I.type) : I.type := match n with O => I.zero | S m => I.add p (f O) (sum_ p m (fun i => f (S i))) end.
Lemma sum_correct : forall p n F f, (forall i, (i < n)%nat -> holds (F i) (f i)) -> holds (sum_ p n F) (total n f).
Proof. induction n; intros F f H; simpl. exact holds_0. apply holds_add. apply H; lia. apply IHn. intros; apply H; lia. Qed.
Definition low (b : box) : R := IZR (fst (fst b)) / IZR (snd (fst b)).
Definition high (b : box) : R := IZR (fst (snd b)) / IZR (snd (snd b)).
Definition nobox : box := ((0, 1), (0, 1))%Z.
Definition center (l : list box) (i : nat) : R := (low (List.nth i l nobox) + high (List.nth i l nobox)) / 2.
Definition radius (l : list box) (i : nat) : R := (high (List.nth i l nobox) - low (List.nth i l nobox)) / 2.
Definition half (p : F.precision) (X : I.type) : I.type := over p X (I.fromZ p 2).
Definition low_ (p : F.precision) (b : box) : I.type := ratio p (fst (fst b)) (snd (fst b)).
Definition high_ (p : F.precision) (b : box) : I.type := ratio p (fst (snd b)) (snd (snd b)).
Definition center_ (p : F.precision) (b : box) : I.type := half p (I.add p (low_ p b) (high_ p b)).
Definition radius_ (p : F.precision) (b : box) : I.type := half p (I.sub p (high_ p b) (low_ p b)).
Lemma center_correct : forall p l i, holds (center_ p (List.nth i l nobox)) (center l i).
Proof. intros. apply holds_over; [|apply holds_Z]. apply holds_add; apply ratio_correct. Qed.
Lemma radius_correct : forall p l i, holds (radius_ p (List.nth i l nobox)) (radius l i).
Proof. intros. apply holds_over; [|apply holds_Z]. apply holds_sub; apply ratio_correct. Qed.
Lemma within_boxed : forall l x, within (length l) (center l) (radius l) x <-> List.Forall2 boxed l (listed (length l) x).
Proof.
  intros l x. assert (Q : within (length l) (center l) (radius l) x <-> forall i, (i < length l)%nat -> boxed (List.nth i l nobox) (x i)).
  { unfold within. split; intros H i Hi; specialize (H i Hi); unfold boxed, center, radius, low, high in *.
    - apply Rabs_le_between in H. lra.
    - apply Rabs_le. lra. }
  rewrite Q. clear Q. unfold listed. assert (G : forall l s, (forall i, (i < length l)%nat -> boxed (List.nth i l nobox) (x (s + i)%nat)) <->
    List.Forall2 boxed l (List.map x (List.seq s (length l)))).
  { clear. induction l as [|b l]; intros s; simpl; split; intros H. constructor. intros; lia.
    - constructor. specialize (H O ltac:(lia)). simpl in H. now rewrite Nat.add_0_r in H. apply IHl. intros i Hi. specialize (H (S i) ltac:(lia)).
      simpl in H. now rewrite Nat.add_succ_r in H.
    - inversion H as [|? ? ? ? H1 H2]. subst. intros [|i] Hi. now rewrite Nat.add_0_r. rewrite Nat.add_succ_r. apply (proj2 (IHl (S s)) H2). lia. }
  exact (G l O).
Qed.
Definition place_ (rows : list (list place)) (i k : nat) : place := List.nth k (List.nth i rows nil) (0, 1)%Z.
Definition unit__ (p : F.precision) (i j : nat) : I.type := I.fromZ p (if Nat.eqb i j then 1 else 0).
Lemma unit__correct : forall p i j, holds (unit__ p i j) (unit_at i j).
Proof. intros. unfold unit__, unit_at. destruct (Nat.eqb i j); apply holds_Z. Qed.
Definition below_all (n : nat) (f : nat -> bool) : bool := List.forallb f (List.seq 0 n).
Lemma below_all_correct : forall n f, below_all n f = true -> forall i, (i < n)%nat -> f i = true.
Proof. intros n f H i Hi. apply (proj1 (List.forallb_forall f _) H). apply List.in_seq. lia. Qed.
Definition slopes_ (p q : F.precision) (o : effort) (l li : list box) (fs : list form) : list (list (option I.type)) :=
  let E := boxes p (List.app l li) in
  List.map (fun f => List.map (fun j => slope p q o E j f) (List.seq 0 (length l))) fs.
Definition rest_ (p : F.precision) (n : nat) (Y : nat -> nat -> I.type) (S : nat -> nat -> I.type) (i j : nat) : I.type :=
  I.sub p (unit__ p i j) (sum_ p n (fun k => I.mul p (Y i k) (S k j))).
Definition no_slope : option I.type := None.
Definition linear_check (p : F.precision) (l : list box) (rows : list (list (option I.type))) (Vs : list I.type) (Ys As : list (list place)) (c : place) : bool :=
  let n := length l in
  let Y i k := end_ p (place_ Ys i k) in
  let A i k := end_ p (place_ As i k) in
  let s k j := List.nth j (List.nth k rows nil) no_slope in
  let r i := radius_ p (List.nth i l nobox) in
  let q := end_ p c in
  below_all n (fun k => below_all n (fun j => is_some (s k j)))
  && known_nonneg q && above (I.sub p (I.fromZ p 1) q)
  && below_all n (fun i => known_nonneg (r i))
  && below_all n (fun i => known_nonneg (I.sub p (I.mul p q (r i)) (sum_ p n (fun j => I.mul p (I.abs (rest_ p n Y (fun k j => got (s k j)) i j)) (r j)))))
  && below_all n (fun i => known_nonneg (I.sub p (I.mul p (I.sub p (I.fromZ p 1) q) (r i)) (I.abs (sum_ p n (fun k => I.mul p (Y i k) (List.nth k Vs I.nai))))))
  && below_all n (fun i => known_nonneg (I.sub p (ratio p 1 2) (sum_ p n (fun j => I.abs (rest_ p n A Y i j))))).
Definition solution (l : list box) (ins : list R) (fs : list form) (e : list R) : Prop :=
  List.Forall2 boxed l e /\ List.Forall (fun f => read_at (List.app e ins) f 0 = 0) fs.
Lemma app_nth : forall (e ins : list R) k, List.nth k (List.app e ins) 0 = if lt_dec k (length e) then List.nth k e 0 else List.nth (k - length e) ins 0.
Proof. intros. destruct (lt_dec k (length e)). now apply List.app_nth1. apply List.app_nth2. lia. Qed.
Lemma telescope : forall p q o l li f ins x y, (forall j, (j < length l)%nat -> is_some (slope p q o (boxes p (List.app l li)) j f) = true) -> List.Forall2 boxed li ins ->
  within (length l) (center l) (radius l) x -> within (length l) (center l) (radius l) y -> exists s : nat -> R,
  (forall j, (j < length l)%nat -> holds (got (slope p q o (boxes p (List.app l li)) j f)) (s j)) /\
  read_at (List.app (listed (length l) x) ins) f 0 - read_at (List.app (listed (length l) y) ins) f 0 = total (length l) (fun j => s j * (x j - y j)).
Proof.
  intros p q o l li f ins x y H HI X Y. set (n := length l) in *. set (E := boxes p (List.app l li)) in *.
  set (h := fun m i => if lt_dec i m then y i else x i). set (env := fun m => List.app (listed n (h m)) ins).
  assert (W : forall m, within n (center l) (radius l) (h m)). { intros m i Hi. unfold h. destruct (lt_dec i m). now apply Y. now apply X. }
  assert (AE : forall m, around E (env m)). { intros m. apply boxes_correct. apply List.Forall2_app; auto. now apply within_boxed. }
  assert (Ext : forall u v, (forall i, (i < n)%nat -> u i = v i) -> listed n u = listed n v).
  { intros u v Q. unfold listed. apply List.map_ext_in. intros i Hi. apply List.in_seq in Hi. apply Q. lia. }
  destruct (choice_below R 0 n (fun j s => holds (got (slope p q o E j f)) s /\ read_at (env j) f 0 - read_at (env (S j)) f 0 = s * (x j - y j))) as [s Hs].
  { intros j Hj. destruct (slope_correct p q o E j f (H j Hj) (env j) (env (S j)) (AE j) (AE (S j))) as [s [S1 S2]].
    - intros k Nk. unfold env. rewrite !app_nth, !listed_length. destruct (lt_dec k n); auto. rewrite !listed_nth by auto. unfold h.
      destruct (lt_dec k j), (lt_dec k (S j)); auto; lia.
    - exists s. split; auto. rewrite S2. f_equal. unfold env. rewrite !app_nth, !listed_length. destruct (lt_dec j n); [|lia]. rewrite !listed_nth by auto.
      unfold h. destruct (lt_dec j j), (lt_dec j (S j)); try lia. reflexivity. }
  exists s. split. intros j Hj. apply Hs; auto.
  replace (List.app (listed n x) ins) with (env O). 2: { unfold env. now rewrite (Ext (h O) x) by (intros i Hi; unfold h; destruct (lt_dec i 0); auto; lia). }
  replace (List.app (listed n y) ins) with (env n). 2: { unfold env. now rewrite (Ext (h n) y) by (intros i Hi; unfold h; destruct (lt_dec i n); auto; lia). }
  assert (G : forall m, (m <= n)%nat -> read_at (env O) f 0 - read_at (env m) f 0 = total m (fun j => s j * (x j - y j))).
  { induction m; intros Hm. simpl. ring. rewrite total_last, <- IHm by lia. destruct (Hs m ltac:(lia)) as [_ <-]. ring. }
  apply G. auto.
Qed.
Theorem linear_solution : forall p p' q o l li fs Vs Ys As c, length fs = length l ->
  linear_check p l (slopes_ p' q o l li fs) Vs Ys As c = true -> forall ins, List.Forall2 boxed li ins ->
  (forall k, (k < length l)%nat -> holds (List.nth k Vs I.nai) (read_at (List.app (listed (length l) (center l)) ins) (List.nth k fs (FN 0)) 0)) ->
  (exists e, solution l ins fs e) /\ (forall e e', solution l ins fs e -> solution l ins fs e' -> e = e').
Proof.
  intros p p' q o l li fs Vs Ys As c Ln C ins HI HV. unfold linear_check in C. set (n := length l) in *. parts.
  repeat match goal with K : below_all n _ = true |- _ => let Q := fresh in pose proof (below_all_correct n _ K) as Q; cbv beta in Q; clear K end.
  set (Y := fun i k => real_ (place_ Ys i k)). set (A := fun i k => real_ (place_ As i k)). set (qq := real_ c).
  set (f := fun (x : nat -> R) k => read_at (List.app (listed n x) ins) (List.nth k fs (FN 0)) 0).
  assert (HY : forall i k, holds (end_ p (place_ Ys i k)) (Y i k)) by (intros; apply holds_end).
  assert (HA : forall i k, holds (end_ p (place_ As i k)) (A i k)) by (intros; apply holds_end).
  assert (Hq : holds (end_ p c) qq) by apply holds_end.
  assert (Hr : forall i, holds (radius_ p (List.nth i l nobox)) (radius l i)) by (intros; apply radius_correct).
  assert (Row : forall k j, (k < n)%nat -> (j < n)%nat -> List.nth j (List.nth k (slopes_ p' q o l li fs) nil) no_slope = slope p' q o (boxes p' (List.app l li)) j (List.nth k fs (FN 0))).
  { intros k j Hk Hj. unfold slopes_. set (E := boxes p' (List.app l li)). fold n.
    rewrite (List.nth_indep _ nil ((fun f => List.map (fun j => slope p' q o E j f) (List.seq 0 n)) (FN 0))) by now rewrite List.map_length, Ln.
    rewrite (List.map_nth (fun f => List.map (fun j => slope p' q o E j f) (List.seq 0 n))).
    rewrite (List.nth_indep _ no_slope (slope p' q o E O (List.nth k fs (FN 0)))) by now rewrite List.map_length, List.seq_length.
    rewrite (List.map_nth (fun j => slope p' q o E j (List.nth k fs (FN 0)))), List.seq_nth by auto. reflexivity. }
  match goal with K : forall i, (i < n)%nat -> below_all n _ = true |- _ => rename K into KS end.
  match goal with K : above _ = true |- _ => apply above_correct with (x := 1 - qq) in K; [|apply holds_sub; auto; apply holds_Z]; rename K into K1 end.
  match goal with K : known_nonneg (end_ p c) = true |- _ => apply known_nonneg_correct with (x := qq) in K; auto; rename K into K0 end.
  match goal with K : forall i, (i < n)%nat -> known_nonneg (radius_ _ _) = true |- _ => rename K into KR end.
  match goal with K : forall i, (i < n)%nat -> known_nonneg (I.sub p (I.mul p (end_ p c) _) _) = true |- _ => rename K into KC end.
  match goal with K : forall i, (i < n)%nat -> known_nonneg (I.sub p (I.mul p (I.sub p _ _) _) _) = true |- _ => rename K into KM end.
  match goal with K : forall i, (i < n)%nat -> known_nonneg (I.sub p (ratio p 1 2) _) = true |- _ => rename K into KI end.
  destruct (one_zero n (center l) (radius l) f Y A qq) as [[x [X F]] U]; try lra.
  - intros i Hi. apply (known_nonneg_correct _ _ (KR i Hi)). auto.
  - intros x y X Z. destruct (choice_below (nat -> R) (fun _ => 0) n (fun k s => (forall j, (j < n)%nat -> holds (got (slope p' q o (boxes p' (List.app l li)) j (List.nth k fs (FN 0)))) (s j)) /\
      f x k - f y k = total n (fun j => s j * (x j - y j)))) as [s Hs].
    { intros k Hk. apply telescope; auto. intros j Hj. rewrite <- (Row k j Hk Hj). exact (below_all_correct n _ (KS k Hk) j Hj). }
    exists s. split. intros k Hk. apply Hs; auto. intros i Hi.
    assert (K : 0 <= qq * radius l i - total n (fun j => Rabs (rest n Y s i j) * radius l j)); [|lra].
    apply (known_nonneg_correct _ _ (KC i Hi)). apply holds_sub. now apply holds_mul. apply sum_correct. intros j Hj. apply holds_mul; auto. apply holds_abs.
    unfold rest_, rest. apply holds_sub. apply unit__correct. apply sum_correct. intros k Hk. apply holds_mul; auto. rewrite (Row k j Hk Hj). now apply Hs.
  - intros i Hi. assert (K : 0 <= (1 - qq) * radius l i - Rabs (total n (fun k => Y i k * f (center l) k))); [|lra].
    apply (known_nonneg_correct _ _ (KM i Hi)). apply holds_sub. apply holds_mul; auto. apply holds_sub; auto. apply holds_Z.
    apply holds_abs, sum_correct. intros k Hk. apply holds_mul; auto. exact (HV k Hk).
  - intros i Hi. assert (K : 0 <= IZR 1 / IZR 2 - total n (fun j => Rabs (unit_at i j - total n (fun k => A i k * Y k j)))); [|lra].
    apply (known_nonneg_correct _ _ (KI i Hi)). apply holds_sub. apply ratio_correct. apply sum_correct. intros j Hj. apply holds_abs.
    unfold rest_. apply holds_sub. apply unit__correct. apply sum_correct. intros k Hk. now apply holds_mul.
  - assert (S0 : forall e, solution l ins fs e -> exists x, e = listed n x /\ within n (center l) (radius l) x /\ forall i, (i < n)%nat -> f x i = 0).
    { intros e [B Z0]. assert (Le : length e = n) by (unfold n; clear -B; induction B; simpl; congruence).
      assert (El : e = listed n (fun i => List.nth i e 0)).
      { apply (List.nth_ext _ _ 0 0). now rewrite listed_length. intros i Hi. rewrite listed_nth; auto. lia. }
      exists (fun i => List.nth i e 0). split; auto. split. apply within_boxed. fold n. now rewrite <- El.
      intros i Hi. unfold f. rewrite <- El. apply (proj1 (List.Forall_forall _ _) Z0). apply List.nth_In. lia. }
    split.
    + exists (listed n x). split. now apply within_boxed. apply List.Forall_forall. intros g Hg. destruct (List.In_nth _ _ (FN 0) Hg) as [k [Hk <-]]. apply F. lia.
    + intros e e' He He'. destruct (S0 e He) as [u [-> [U1 U2]]], (S0 e' He') as [v [-> [V1 V2]]].
      unfold listed. apply List.map_ext_in. intros i Hi. apply List.in_seq in Hi. apply U; auto. lia.
Qed.
(* --- values at the middle: an equation by itself, or means that are worked out together --- *)
Inductive equation := Own (f : form) | Joint (o : nat).
Definition form_of (us : list form) (s : list Programs.step) (x : equation) : form :=
  match x with Own f => f | Joint o => FMean (List.nth o (trees nil s) (Num 0)) us end.
Definition jobs (l : list equation) : list nat := List.flat_map (fun x => match x with Own _ => nil | Joint o => cons o nil end) l.
Fixpoint valued (p q : F.precision) (o : effort) (E : list I.type) (means : list I.type) (l : list equation) : list I.type :=
  match l with
  | nil => nil
  | cons (Own f) l' => match ad false p q o E I.zero f with Some (V, _) => V | None => I.nai end :: valued p q o E means l'
  | cons (Joint _) l' => match means with nil => I.nai :: valued p q o E nil l' | cons M means' => M :: valued p q o E means' l' end
  end%list.
Definition joint (p q : F.precision) (o : effort) (E : list I.type) (us : list form) (s : list Programs.step) (outs : list nat) (d : nat) (D n : Z) : list I.type :=
  match outs with nil => nil | _ =>
  match collected (List.map (ad false p q o E I.zero) us) with Some (vs, _) => shared p q vs vs s outs d D n | None => nil end end.
Lemma joint_correct : forall p q o E us s outs d D n e, around E e -> forall i,
  holds (at_ (joint p q o E us s outs d D n) i) (read_at e (FMean (made_ s outs i) us) 0).
Proof.
  intros p q o E us s outs d D n e HE i. unfold joint. destruct outs as [|o1 outs]. destruct i; apply holds_nai. set (os := cons o1 outs).
  destruct (collected (List.map (ad false p q o E I.zero) us)) as [[vs ds]|] eqn:C; [|destruct i; apply holds_nai].
  destruct (collected_correct false p q o E I.zero e us vs ds) with (z := 0) as [V _]; auto. 2: apply holds_0.
  { apply List.Forall_forall. intros u _. now apply ad_correct. }
  cbn [read_at]. now apply shared_correct.
Qed.
Lemma valued_correct : forall p q o E e us s, around E e -> forall l means, (forall i, holds (at_ means i) (read_at e (FMean (made_ s (jobs l) i) us) 0)) ->
  forall k, (k < length l)%nat -> holds (List.nth k (valued p q o E means l) I.nai) (read_at e (List.nth k (List.map (form_of us s) l) (FN 0)) 0).
Proof.
  intros p q o E e us s HE. induction l as [|[f|w] l]; intros means H k Hk; cbn [length] in Hk. lia.
  - cbn [valued List.map form_of]. destruct k as [|k]; cbn [List.nth].
    + destruct (ad false p q o E I.zero f) as [[V D]|] eqn:Ea; [|apply holds_nai]. apply (ad_correct false p q o E I.zero e HE f V D Ea 0 holds_0).
    + apply IHl; auto. lia.
  - cbn [valued List.map form_of]. destruct means as [|M means]; destruct k as [|k]; cbn [List.nth]; try apply holds_nai.
    + apply IHl; [|lia]. intros i. destruct i; apply holds_nai.
    + exact (H O).
    + apply IHl; [|lia]. intros i. exact (H (S i)).
Qed.
Definition system_check (p q : F.precision) (o o' : effort) (l li : list box) (us : list form) (s : list Programs.step) (xs : list equation)
    (d : nat) (D n : Z) (Ys As : list (list place)) (c : place) : bool :=
  let E := List.app (List.map (center_ p) l) (boxes p li) in
  let Vs := valued p q o' E (joint p q o' E us s (jobs xs) d D n) xs in
  Nat.eqb (length xs) (length l) && linear_check p l (slopes_ q q o l li (List.map (form_of us s) xs)) Vs Ys As c.
Theorem system_solution : forall p q o o' l li us s xs d D n Ys As c, system_check p q o o' l li us s xs d D n Ys As c = true ->
  forall ins, List.Forall2 boxed li ins -> (exists e, solution l ins (List.map (form_of us s) xs) e) /\
  (forall e e', solution l ins (List.map (form_of us s) xs) e -> solution l ins (List.map (form_of us s) xs) e' -> e = e').
Proof.
  intros p q o o' l li us s xs d D n Ys As c C ins HI. unfold system_check in C. apply andb_true_iff in C. destruct C as [L C]. apply Nat.eqb_eq in L.
  apply (linear_solution p q q o l li _ _ Ys As c) with (2 := C); auto. now rewrite List.map_length.
  intros k Hk. apply valued_correct; [| |lia].
  - intros i. rewrite app_nth, listed_length. destruct (lt_dec i (length l)) as [Li|Li].
    + rewrite List.app_nth1 by now rewrite List.map_length. rewrite (List.nth_indep _ I.nai (center_ p nobox)) by now rewrite List.map_length.
      rewrite (List.map_nth (center_ p)), listed_nth by auto. apply center_correct.
    + rewrite List.app_nth2 by (rewrite List.map_length; lia). rewrite List.map_length. apply boxes_correct. exact HI.
  - apply joint_correct. intros i. rewrite app_nth, listed_length. destruct (lt_dec i (length l)) as [Li|Li].
    + rewrite List.app_nth1 by now rewrite List.map_length. rewrite (List.nth_indep _ I.nai (center_ p nobox)) by now rewrite List.map_length.
      rewrite (List.map_nth (center_ p)), listed_nth by auto. apply center_correct.
    + rewrite List.app_nth2 by (rewrite List.map_length; lia). rewrite List.map_length. apply boxes_correct. exact HI.
Qed.
(* --- from lists to unknowns with names --- *)
Lemma box_cons : forall b l e, List.Forall2 boxed (cons b l) e -> exists x e', e = cons x e' /\ boxed b x /\ List.Forall2 boxed l e'.
Proof. intros b l e H. inversion H as [|? x ? e' H1 H2]. exists x, e'. auto. Qed.
Lemma box_nil : forall e, List.Forall2 boxed nil e -> e = nil.
Proof. intros e H. now inversion H. Qed.
End Systems.
Import Systems.
Ltac opened B := first [apply box_nil in B; subst | let x := fresh "x" in let e := fresh "e" in let E := fresh "E" in let H := fresh "H" in let K := fresh "K" in
  destruct (box_cons _ _ _ B) as [x [e [E [H K]]]]; subst; clear B; opened K].
Ltac box_one := unfold boxed in *; cbn [fst snd] in *; first [assumption | lra].
Ltac box_to := first [split; [box_one | box_to] | box_one].
Ltac box_from B := repeat (apply List.Forall2_cons; [first [exact (proj1 B) | exact B | unfold boxed; cbn [fst snd]; lra] | try apply proj2 in B]); apply List.Forall2_nil.
Ltac inputs_ := repeat (apply List.Forall2_cons; [box_one|]); apply List.Forall2_nil.
Ltac zeros_to Z := repeat (split; [exact (List.Forall_inv Z) | apply List.Forall_inv_tail in Z]); exact (List.Forall_inv Z).
Ltac zeros_from Z := repeat (apply List.Forall_cons; [first [exact (proj1 Z) | exact Z] | try apply proj2 in Z]); apply List.Forall_nil.
