Require Import FunctionalExtensionality.
(* --- Schoenberg: the Gegenbauer polynomials are positive definite on the sphere ---
   Power series in d variables, given by their derivatives at zero: a(alpha) is that of order alpha. Derivatives and
   multiplication by a variable act on them; <a, b> = sum of products of all derivatives of order k has them as adjoint,
   up to a factor. The kernel P_k(<y, z>) is such a product of two harmonic polynomials, up to a positive factor. *)
Module Harmonics.
Section Dimension.
Variable e : nat.
Let d := S (S e).
Definition series_ := (nat -> nat) -> R.
Definition none : nat -> nat := fun _ => O.
Definition up (i : nat) (s : nat -> nat) : nat -> nat := fun j => if Nat.eqb j i then S (s j) else s j.
Definition down (i : nat) (s : nat -> nat) : nat -> nat := fun j => if Nat.eqb j i then pred (s j) else s j.
Definition D (i : nat) (a : series_) : series_ := fun s => a (up i s).
Definition X (i : nat) (a : series_) : series_ := fun s => INR (s i) * a (down i s).
Definition dot (y z : nat -> R) : R := sum d (fun i => y i * z i).
Definition dir (y : nat -> R) (a : series_) : series_ := fun s => sum d (fun i => y i * D i a s).
Definition mul (y : nat -> R) (a : series_) : series_ := fun s => sum d (fun i => y i * X i a s).
Definition rad (a : series_) : series_ := fun s => sum d (fun i => X i (X i a) s).
Definition lap (a : series_) : series_ := fun s => sum d (fun i => D i (D i a) s).
Definition comb (u : R) (a : series_) (w : R) (b : series_) : series_ := fun s => u * a s + w * b s.
Definition zero : series_ := fun _ => 0.
Definition one : series_ := fun s => if Nat.eqb (List.fold_right Nat.add O (List.map s (List.seq 0 d))) 0 then 1 else 0.

Definition linear (T : series_ -> series_) : Prop := forall u a w b, T (comb u a w b) = comb u (T a) w (T b).
Lemma D_linear : forall i, linear (D i).
Proof. intros i u a w b. reflexivity. Qed.
Lemma X_linear : forall i, linear (X i).
Proof. intros i u a w b. apply functional_extensionality. intros s. unfold X, comb. ring. Qed.
Lemma sum_linear : forall T, (forall i, linear (T i)) -> forall n w, linear (fun a s => sum n (fun i => w i * T i a s)).
Proof.
  intros T H n w u a v b. apply functional_extensionality. intros s. unfold comb at 2. rewrite <- !sum_scale, <- sum_plus.
  apply sum_ext. intros. rewrite H. unfold comb. ring.
Qed.
Lemma dir_linear : forall y, linear (dir y).
Proof. intros. apply (sum_linear D D_linear). Qed.
Lemma mul_linear : forall y, linear (mul y).
Proof. intros. apply (sum_linear X X_linear). Qed.
Lemma rad_linear : linear rad.
Proof.
  intros u a v b. apply functional_extensionality. intros s. unfold rad, comb at 2. rewrite <- !sum_scale, <- sum_plus.
  apply sum_ext. intros. rewrite !X_linear. reflexivity.
Qed.
Lemma lap_linear : linear lap.
Proof.
  intros u a v b. apply functional_extensionality. intros s. unfold lap, comb at 2. rewrite <- !sum_scale, <- sum_plus.
  apply sum_ext. intros. reflexivity.
Qed.
Lemma linear_sum : forall T, linear T -> forall n (w : nat -> R) (f : nat -> series_) s,
  T (fun s => sum n (fun i => w i * f i s)) s = sum n (fun i => w i * T (f i) s).
Proof.
  intros T H. assert (Z : forall s, T zero s = 0).
  { intros. replace zero with (comb 0 zero 0 zero). rewrite H. unfold comb. ring.
    apply functional_extensionality. intros. unfold comb, zero. ring. }
  induction n; intros; cbn [sum]. apply Z. rewrite <- IHn.
  replace (fun s0 : nat -> nat => sum n (fun i => w i * f i s0) + w n * f n s0)
    with (comb 1 (fun s0 : nat -> nat => sum n (fun i => w i * f i s0)) (w n) (f n)).
  rewrite H. unfold comb. ring. apply functional_extensionality. intros. unfold comb. ring.
Qed.
Lemma through_dir : forall T, linear T -> forall y a s, T (dir y a) s = sum d (fun i => y i * T (D i a) s).
Proof. intros. exact (linear_sum T H d y (fun i => D i a) s). Qed.
Lemma through_lap : forall T, linear T -> forall a s, T (lap a) s = sum d (fun i => T (D i (D i a)) s).
Proof.
  intros. rewrite (sum_ext d _ (fun i => 1 * T (D i (D i a)) s)) by (intros; ring). rewrite <- (linear_sum T H d (fun _ => 1)).
  f_equal. apply functional_extensionality. intros. apply sum_ext. intros. ring.
Qed.
Lemma linear_zero : forall T, linear T -> T zero = zero.
Proof.
  intros T H. apply functional_extensionality. intros. exact (linear_sum T H 0 (fun _ => 0) (fun _ => zero) x).
Qed.

(* The rules. *)
Lemma up_up : forall i j s, up i (up j s) = up j (up i s).
Proof. intros. apply functional_extensionality. intros k. unfold up. destruct (Nat.eqb k i), (Nat.eqb k j); auto. Qed.
Lemma D_D : forall i j a, D i (D j a) = D j (D i a).
Proof. intros. apply functional_extensionality. intros s. unfold D. now rewrite up_up. Qed.
Lemma D_X : forall i j a s, D j (X i a) s = (if Nat.eqb i j then a s else 0) + X i (D j a) s.
Proof.
  intros. unfold D, X. destruct (Nat.eqb_spec i j) as [<-|N].
  - unfold up at 1. rewrite Nat.eqb_refl. replace (down i (up i s)) with s.
    + destruct (s i) eqn:E. simpl. ring. replace (up i (down i s)) with s. rewrite S_INR. ring.
      apply functional_extensionality. intros k. unfold up, down. destruct (Nat.eqb_spec k i); subst; rewrite ?E; auto.
    + apply functional_extensionality. intros k. unfold up, down. destruct (Nat.eqb k i); auto.
  - unfold up at 1. rewrite (proj2 (Nat.eqb_neq i j) N). replace (down i (up j s)) with (up j (down i s)). ring.
    apply functional_extensionality. intros k. unfold up, down. destruct (Nat.eqb k i) eqn:A, (Nat.eqb k j) eqn:B; auto.
    apply Nat.eqb_eq in A, B. congruence.
Qed.
Lemma X_D : forall i a s, X i (D i a) s = INR (s i) * a s.
Proof.
  intros. unfold X, D. destruct (s i) eqn:E. simpl. ring. replace (up i (down i s)) with s; auto.
  apply functional_extensionality. intros k. unfold up, down. destruct (Nat.eqb_spec k i); subst; rewrite ?E; auto.
Qed.
Lemma sum_delta : forall n j v, (j < n)%nat -> sum n (fun i => if Nat.eqb i j then v i else 0) = v j.
Proof.
  intros n j v. assert (Z : forall m, sum m (fun i => if Nat.eqb i j then v i else 0) = if Nat.ltb j m then v j else 0).
  { induction m; cbn [sum]. destruct (Nat.ltb_spec j 0); [lia | reflexivity]. rewrite IHm.
    destruct (Nat.eqb_spec m j), (Nat.ltb_spec j m), (Nat.ltb_spec j (S m)); subst; try lia; lra. }
  intros. rewrite Z. destruct (Nat.ltb_spec j n); [reflexivity | lia].
Qed.
Lemma D_mul : forall j z a, (j < d)%nat -> D j (mul z a) = comb (z j) a 1 (mul z (D j a)).
Proof.
  intros. apply functional_extensionality. intros s. unfold comb, mul.
  change (D j (fun s0 => sum d (fun i => z i * X i a s0)) s) with (sum d (fun i => z i * D j (X i a) s)).
  rewrite (sum_ext d _ (fun i => (if Nat.eqb i j then z i * a s else 0) + z i * X i (D j a) s)).
  - rewrite sum_plus, (sum_delta d j (fun i => z i * a s)) by auto. ring.
  - intros. rewrite D_X. destruct (Nat.eqb i j); ring.
Qed.
Lemma D_rad : forall j a, (j < d)%nat -> D j (rad a) = comb 2 (X j a) 1 (rad (D j a)).
Proof.
  intros. apply functional_extensionality. intros s. unfold comb, rad.
  change (D j (fun s0 => sum d (fun i => X i (X i a) s0)) s) with (sum d (fun i => D j (X i (X i a)) s)).
  rewrite (sum_ext d _ (fun i => (if Nat.eqb i j then 2 * X i a s else 0) + X i (X i (D j a)) s)).
  - rewrite sum_plus, (sum_delta d j (fun i => 2 * X i a s)) by auto. ring.
  - intros. rewrite D_X. unfold X at 2. rewrite D_X. unfold X. destruct (Nat.eqb i j); ring.
Qed.
Lemma dir_mul : forall y z a, dir y (mul z a) = comb (dot y z) a 1 (mul z (dir y a)).
Proof.
  intros. apply functional_extensionality. intros s. unfold dir at 1, comb.
  rewrite (sum_ext d _ (fun j => a s * (y j * z j) + y j * mul z (D j a) s)).
  - rewrite sum_plus, sum_scale. rewrite (through_dir (mul z) (mul_linear z)). unfold dot. ring.
  - intros. rewrite D_mul by auto. unfold comb. ring.
Qed.
Lemma dir_rad : forall y a, dir y (rad a) = comb 2 (mul y a) 1 (rad (dir y a)).
Proof.
  intros. apply functional_extensionality. intros s. unfold dir at 1, comb.
  rewrite (sum_ext d _ (fun j => 2 * (y j * X j a s) + y j * rad (D j a) s)).
  - rewrite sum_plus, sum_scale. rewrite (through_dir rad rad_linear). unfold mul. ring.
  - intros. rewrite D_rad by auto. unfold comb. ring.
Qed.
Lemma lap_mul : forall z a, lap (mul z a) = comb 2 (dir z a) 1 (mul z (lap a)).
Proof.
  intros. apply functional_extensionality. intros s. unfold lap at 1, comb.
  rewrite (sum_ext d _ (fun j => 2 * (z j * D j a s) + mul z (D j (D j a)) s)).
  - rewrite sum_plus, sum_scale, (through_lap (mul z) (mul_linear z)). unfold dir. ring.
  - intros. rewrite D_mul by auto. rewrite (D_linear i). rewrite D_mul by auto. unfold comb. ring.
Qed.
Definition size (s : nat -> nat) : R := sum d (fun i => INR (s i)).
Lemma sum_constant : forall n c, sum n (fun _ => c) = INR n * c.
Proof. induction n; intros. simpl; lra. cbn [sum]. rewrite IHn, S_INR. lra. Qed.
Lemma lap_rad : forall a s, lap (rad a) s = (2 * INR d + 4 * size s) * a s + rad (lap a) s.
Proof.
  intros. unfold lap at 1.
  rewrite (sum_ext d _ (fun j => (2 * a s + 4 * a s * INR (s j)) + rad (D j (D j a)) s)).
  - rewrite sum_plus, (through_lap rad rad_linear), sum_plus, sum_constant, sum_scale. unfold size. ring.
  - intros. rewrite D_rad by auto. rewrite (D_linear i). rewrite D_rad by auto. unfold comb. rewrite D_X, X_D, Nat.eqb_refl. ring.
Qed.
Lemma lap_dir : forall y a, lap (dir y a) = dir y (lap a).
Proof.
  intros. apply functional_extensionality. intros s. rewrite (through_dir lap lap_linear). apply sum_ext. intros.
  f_equal. unfold lap at 1. change (D i (lap a) s) with (sum d (fun j => D i (D j (D j a)) s)). apply sum_ext. intros.
  rewrite (D_D i0 i a), (D_D i0 i). reflexivity.
Qed.

(* Homogeneous of degree k. *)
Definition hom (k : R) (a : series_) : Prop := forall s, size s * a s = k * a s.
Lemma hom_X : forall i k a, (i < d)%nat -> hom k a -> hom (k + 1) (X i a).
Proof.
  intros i k a Hi H s. unfold X. destruct (s i) eqn:E. simpl. ring.
  assert (Z : size s = size (down i s) + 1).
  { unfold size. replace 1 with (sum d (fun j => if Nat.eqb j i then 1 else 0)) by (now apply (sum_delta d i (fun _ => 1))).
    rewrite <- sum_plus. apply sum_ext. intros j _. unfold down. destruct (Nat.eqb_spec j i); [subst|ring].
    rewrite E. cbn [pred]. rewrite S_INR. ring. }
  specialize (H (down i s)). rewrite Z. replace ((size (down i s) + 1) * (INR (S n) * a (down i s))) with
    (INR (S n) * (size (down i s) * a (down i s)) + INR (S n) * a (down i s)) by ring. rewrite H. ring.
Qed.
Lemma hom_sum : forall k n (w : nat -> R) f, (forall i, (i < n)%nat -> hom k (f i)) -> hom k (fun s => sum n (fun i => w i * f i s)).
Proof.
  intros. intros s. rewrite <- !sum_scale. apply sum_ext. intros. specialize (H i H0 s).
  replace (size s * (w i * f i s)) with (w i * (size s * f i s)) by ring. rewrite H. ring.
Qed.
Lemma hom_mul : forall k y a, hom k a -> hom (k + 1) (mul y a).
Proof. intros. apply hom_sum. intros. now apply hom_X. Qed.
Lemma hom_rad : forall k a, hom k a -> hom (k + 1 + 1) (rad a).
Proof.
  intros. replace (rad a) with (fun s : nat -> nat => sum d (fun i => 1 * X i (X i a) s)).
  apply hom_sum. intros. now apply hom_X, hom_X. apply functional_extensionality. intros. apply sum_ext. intros. ring.
Qed.
Lemma hom_comb : forall k u a w b, hom k a -> hom k b -> hom k (comb u a w b).
Proof.
  intros. intros s. specialize (H s). specialize (H0 s). unfold comb.
  replace (size s * (u * a s + w * b s)) with (u * (size s * a s) + w * (size s * b s)) by ring. rewrite H, H0. ring.
Qed.
Lemma size_list : forall s, INR (List.fold_right Nat.add O (List.map s (List.seq 0 d))) = size s.
Proof.
  intros. unfold size. generalize d. intros n.
  assert (G : forall m, INR (List.fold_right Nat.add O (List.map s (List.seq m n))) = sum n (fun i => INR (s (m + i)%nat))).
  { induction n; intros; [reflexivity|]. cbn [List.seq List.map List.fold_right]. rewrite plus_INR, IHn. clear.
    assert (Q : forall n f, sum (S n) f = f O + sum n (fun i => f (S i))).
    { induction n0; intros. simpl; ring. change (sum (S (S n0)) f) with (sum (S n0) f + f (S n0)). rewrite IHn0. cbn [sum]. ring. }
    rewrite Q, Nat.add_0_r. f_equal. apply sum_ext. intros. f_equal. f_equal. lia. }
  exact (G O).
Qed.
Lemma hom_one : hom 0 one.
Proof.
  intros s. unfold one. rewrite <- size_list. destruct (Nat.eqb_spec (List.fold_right Nat.add O (List.map s (List.seq 0 d))) 0) as [->|]; simpl; ring.
Qed.
Lemma D_one : forall i, (i < d)%nat -> D i one = zero.
Proof.
  intros. apply functional_extensionality. intros s. unfold D, one, zero.
  assert (0 < INR (List.fold_right Nat.add O (List.map (up i s) (List.seq 0 d)))).
  { rewrite size_list. unfold size. apply Rlt_le_trans with (sum d (fun j => if Nat.eqb j i then 1 else 0)).
    rewrite (sum_delta d i (fun _ => 1)) by auto. lra. apply sum_le. intros j _. unfold up. destruct (Nat.eqb j i).
    rewrite S_INR. pose proof (pos_INR (s j)). lra. apply pos_INR. }
  destruct (Nat.eqb_spec (List.fold_right Nat.add O (List.map (up i s) (List.seq 0 d))) 0) as [E|]; auto. rewrite E in H0. simpl in H0. lra.
Qed.
Lemma one_none : one none = 1.
Proof.
  unfold one. replace (List.fold_right Nat.add O (List.map none (List.seq 0 d))) with O; auto.
  apply INR_eq. rewrite size_list. unfold size, none. simpl INR. rewrite sum_constant. simpl; ring.
Qed.
Lemma dir_one : forall y, dir y one = zero.
Proof.
  intros. apply functional_extensionality. intros s. unfold dir, zero. rewrite <- (sum_zero d). apply sum_ext. intros.
  rewrite D_one by auto. unfold zero. ring.
Qed.
Lemma lap_one : lap one = zero.
Proof.
  apply functional_extensionality. intros s. unfold lap. change (zero s) with 0. rewrite <- (sum_zero d). apply sum_ext. intros.
  rewrite D_one by auto. reflexivity.
Qed.

(* Products of all derivatives of order k. *)
Fixpoint ip (k : nat) (a b : series_) : R :=
  match k with O => a none * b none | S m => sum d (fun j => ip m (D j a) (D j b)) end.
Lemma ip_nonneg : forall k a, 0 <= ip k a a.
Proof. induction k; intros; cbn [ip]. apply Rle_0_sqr. apply sum_nonneg. auto. Qed.
Lemma ip_sym : forall k a b, ip k a b = ip k b a.
Proof. induction k; intros; cbn [ip]. ring. apply sum_ext. auto. Qed.
Lemma ip_comb : forall k u a w b c, ip k (comb u a w b) c = u * ip k a c + w * ip k b c.
Proof.
  induction k; intros; cbn [ip]. unfold comb. ring. rewrite <- !sum_scale, <- sum_plus. apply sum_ext. intros.
  rewrite (D_linear i). apply IHk.
Qed.
Lemma ip_comb_r : forall k u a w b c, ip k c (comb u a w b) = u * ip k c a + w * ip k c b.
Proof. intros. rewrite !(ip_sym k c). apply ip_comb. Qed.
Lemma ip_zero : forall k c, ip k zero c = 0.
Proof. induction k; intros; cbn [ip]. unfold zero. ring. rewrite <- (sum_zero d). apply sum_ext. intros. apply IHk. Qed.
Lemma ip_sum : forall k c n (w : nat -> R) (f : nat -> series_),
  ip k (fun s => sum n (fun i => w i * f i s)) c = sum n (fun i => w i * ip k (f i) c).
Proof.
  induction n; intros; cbn [sum]. apply ip_zero. rewrite <- IHn.
  replace (fun s : nat -> nat => sum n (fun i => w i * f i s) + w n * f n s)
    with (comb 1 (fun s : nat -> nat => sum n (fun i => w i * f i s)) (w n) (f n)).
  rewrite ip_comb. ring. apply functional_extensionality. intros. unfold comb. ring.
Qed.
Lemma ip_X : forall k i a b, (i < d)%nat -> ip (S k) (X i a) b = INR (S k) * ip k a (D i b).
Proof.
  induction k; intros i a b Hi.
  - cbn [ip]. rewrite (sum_ext d _ (fun j => if Nat.eqb j i then a none * D j b none else 0)).
    rewrite (sum_delta d i (fun j => a none * D j b none)) by auto. simpl. ring.
    intros. rewrite D_X, Nat.eqb_sym. unfold X at 1, none at 2. simpl INR. destruct (Nat.eqb i0 i); ring.
  - change (ip (S (S k)) (X i a) b) with (sum d (fun j => ip (S k) (D j (X i a)) (D j b))).
    rewrite (sum_ext d _ (fun j => (if Nat.eqb j i then ip (S k) a (D j b) else 0) + INR (S k) * ip k (D j a) (D j (D i b)))).
    + rewrite sum_plus, sum_scale, (sum_delta d i (fun j => ip (S k) a (D j b))) by auto. rewrite (S_INR (S k)).
      change (sum d (fun i0 : nat => ip k (D i0 a) (D i0 (D i b)))) with (ip (S k) a (D i b)). ring.
    + intros j Hj. replace (D j (X i a)) with (comb (if Nat.eqb j i then 1 else 0) a 1 (X i (D j a))).
      rewrite ip_comb, IHk, D_D by auto. destruct (Nat.eqb j i); ring.
      apply functional_extensionality. intros s. unfold comb. rewrite D_X, (Nat.eqb_sym i j). destruct (Nat.eqb j i); ring.
Qed.
Lemma ip_dir : forall k y a c, ip k (dir y a) c = sum d (fun i => y i * ip k (D i a) c).
Proof. intros. exact (ip_sum k c d y (fun i => D i a)). Qed.
Lemma ip_sum_1 : forall k c n (f : nat -> series_), ip k (fun s => sum n (fun i => f i s)) c = sum n (fun i => ip k (f i) c).
Proof.
  intros. rewrite (sum_ext n _ (fun i => 1 * ip k (f i) c)) by (intros; ring). rewrite <- ip_sum. f_equal.
  apply functional_extensionality. intros. apply sum_ext. intros. ring.
Qed.
Lemma ip_lap : forall k a c, ip k (lap a) c = sum d (fun i => ip k (D i (D i a)) c).
Proof. intros. exact (ip_sum_1 k c d (fun i => D i (D i a))). Qed.
Lemma ip_mul : forall k y a b, ip (S k) (mul y a) b = INR (S k) * ip k a (dir y b).
Proof.
  intros. rewrite (ip_sym k a), ip_dir, <- sum_scale. unfold mul. rewrite ip_sum. apply sum_ext. intros.
  rewrite ip_X, (ip_sym k a) by auto. ring.
Qed.
Lemma ip_rad : forall k a b, ip (S (S k)) (rad a) b = INR (S (S k)) * (INR (S k) * ip k a (lap b)).
Proof.
  intros. rewrite (ip_sym k a), ip_lap, <- !sum_scale. unfold rad. rewrite ip_sum_1. apply sum_ext. intros.
  rewrite !ip_X, (ip_sym k a) by auto. ring.
Qed.

(* Zonal harmonics: the pair of degrees k and k + 1. *)
Fixpoint har (y : nat -> R) (k : nat) : series_ * series_ :=
  match k with
  | O => (one, mul y one)
  | S m => let (a, b) := har y m in
           (b, comb ((2 * INR (S m) + INR e) / INR (S m + e)) (mul y b) (- (INR (S m) / INR (S m + e))) (rad a))
  end.
Lemma factor_positive : forall m, 0 < INR (S m + e).
Proof. intros. apply lt_0_INR. lia. Qed.
Lemma har_right : forall y, dot y y = 1 -> forall k, let (a, b) := har y k in
  hom (INR k) a /\ hom (INR k + 1) b /\ lap a = zero /\ lap b = zero /\ dir y b = comb (INR k + 1) a 0 zero /\
  forall s, (INR k + INR e) * b s = (2 * INR k + INR e) * mul y a s - rad (dir y a) s.
Proof.
  intros y U. induction k; cbn [har].
  - simpl INR. split. exact hom_one. split. rewrite Rplus_0_l. replace 1 with (0 + 1) by ring. apply hom_mul, hom_one.
    split. exact lap_one. split.
    + rewrite lap_mul, lap_one, dir_one, (linear_zero _ (mul_linear y)). apply functional_extensionality. intros. unfold comb, zero. ring.
    + split. rewrite dir_mul, U, dir_one, (linear_zero _ (mul_linear y)). apply functional_extensionality. intros. unfold comb, zero. ring.
      intros. rewrite dir_one, (linear_zero _ rad_linear). unfold zero. ring.
  - destruct (har y k) as [a b]. destruct IHk as [Ha [Hb [La [Lb [Db Q]]]]].
    pose proof (factor_positive k) as F. set (f := INR (S k + e)) in *.
    assert (Ef : f = INR k + 1 + INR e) by (unfold f; rewrite plus_INR, S_INR; ring).
    set (b' := comb ((2 * INR (S k) + INR e) / f) (mul y b) (- (INR (S k) / f)) (rad a)).
    rewrite S_INR in *. split. exact Hb. split.
    { apply hom_comb. now apply hom_mul. replace (INR k + 1 + 1) with (INR k + 1 + 1) by ring. now apply hom_rad. }
    split. exact Lb. split.
    { unfold b'. rewrite lap_linear, lap_mul, Lb, Db, (linear_zero _ (mul_linear y)). apply functional_extensionality. intros s.
      unfold comb. rewrite lap_rad, La, (linear_zero _ rad_linear). unfold zero. unfold d. rewrite !S_INR.
      replace ((2 * (INR e + 1 + 1) + 4 * size s) * a s + 0) with (2 * (INR e + 1 + 1) * a s + 4 * (size s * a s)) by ring.
      rewrite (Ha s). field. lra. }
    split.
    { unfold b'. rewrite dir_linear, dir_mul, U, dir_rad. apply functional_extensionality. intros s. rewrite Db, mul_linear.
      rewrite (linear_zero _ (mul_linear y)). unfold comb, zero.
      specialize (Q s). replace (rad (dir y a) s) with ((2 * INR k + INR e) * mul y a s - (INR k + INR e) * b s) by lra.
      rewrite Ef, ?S_INR. field. lra. }
    { intros s. rewrite Db, rad_linear, (linear_zero _ rad_linear). unfold b', comb, zero. rewrite Ef. rewrite ?S_INR. field. lra. }
Qed.

(* Derivatives in the direction y, k times, at zero. *)
Fixpoint it (y : nat -> R) (k : nat) (a : series_) : R := match k with O => a none | S m => it y m (dir y a) end.
Lemma it_comb : forall y k u a w b, it y k (comb u a w b) = u * it y k a + w * it y k b.
Proof. induction k; intros; cbn [it]; auto. rewrite dir_linear. apply IHk. Qed.
Lemma mul_none : forall y a, mul y a none = 0.
Proof. intros. unfold mul. rewrite <- (sum_zero d). apply sum_ext. intros. unfold X, none at 1. simpl. ring. Qed.
Lemma rad_none : forall a, rad a none = 0.
Proof. intros. unfold rad. rewrite <- (sum_zero d). apply sum_ext. intros. unfold X at 1, none at 1. simpl. ring. Qed.
Lemma it_mul : forall y z k a, it y (S k) (mul z a) = INR (S k) * dot y z * it y k a.
Proof.
  induction k; intros; cbn [it]; rewrite dir_mul.
  - unfold comb. rewrite mul_none. simpl. ring.
  - rewrite <- dir_mul. change (it y k (dir y (dir y (mul z a)))) with (it y (S k) (dir y (mul z a))). rewrite dir_mul, it_comb, IHk, (S_INR (S k)).
    cbn [it]. ring.
Qed.
Lemma it_rad : forall y k a, dot y y = 1 -> it y (S (S k)) (rad a) = INR (S (S k)) * INR (S k) * it y k a.
Proof.
  intros y k a U. revert a. induction k; intros.
  - change (it y 2 (rad a)) with (it y 1 (dir y (rad a))). rewrite dir_rad, it_comb, it_mul, U. cbn [it]. rewrite dir_rad. unfold comb.
    rewrite mul_none, rad_none. simpl. ring.
  - change (it y (S (S (S k))) (rad a)) with (it y (S (S k)) (dir y (rad a))). rewrite dir_rad, it_comb, IHk, it_mul, U, !S_INR. cbn [it]. ring.
Qed.

(* The product with a harmonic one is its value. *)
Lemma har_product : forall k, (exists c, 0 < c /\ forall y q, dot y y = 1 -> lap q = zero -> ip k (fst (har y k)) q = c * it y k q) /\
  (exists c, 0 < c /\ forall y q, dot y y = 1 -> lap q = zero -> ip (S k) (snd (har y k)) q = c * it y (S k) q).
Proof.
  induction k.
  - split; exists 1; (split; [lra|]); intros; cbn [har fst snd].
    + cbn [ip it]. rewrite one_none. ring.
    + rewrite ip_mul. cbn [ip it]. rewrite one_none. simpl. ring.
  - destruct IHk as [[c [C1 C2]] [c' [D1 D2]]]. split.
    + exists c'. split; auto. intros y q U L. specialize (D2 y q U L). cbn [har]. destruct (har y k) as [a b]. exact D2.
    + exists ((2 * INR (S k) + INR e) / INR (S k + e) * INR (S (S k)) * c'). split.
      * pose proof (factor_positive k). pose proof (pos_INR e). pose proof (lt_0_INR (S k) ltac:(lia)). pose proof (lt_0_INR (S (S k)) ltac:(lia)).
        repeat apply Rmult_lt_0_compat; auto; try lra. now apply Rinv_0_lt_compat.
      * intros y q U L. specialize (D2 y (dir y q) U ltac:(rewrite lap_dir, L; apply (linear_zero _ (dir_linear y)))).
        cbn [har]. destruct (har y k) as [a b]. cbn [fst snd] in *. rewrite ip_comb, ip_mul, ip_rad, L, D2.
        rewrite (ip_sym k a), ip_zero. cbn [it]. ring.
Qed.
Lemma har_value : forall y z, dot y y = 1 -> dot z z = 1 -> forall k,
  it y k (fst (har z k)) = INR (fact k) * fst (geg e k (dot y z)) /\
  it y (S k) (snd (har z k)) = INR (fact (S k)) * snd (geg e k (dot y z)).
Proof.
  intros y z Uy Uz. induction k.
  - cbn [har geg fst snd]. split. cbn [it]. rewrite one_none. simpl. ring. rewrite it_mul. cbn [it]. rewrite one_none. simpl. ring.
  - cbn [har geg]. destruct (har z k) as [a b], (geg e k (dot y z)) as [p q]. cbn [fst snd] in *. destruct IHk as [A B]. split; auto.
    rewrite it_comb, it_mul, it_rad by auto. rewrite B, A. pose proof (factor_positive k).
    change (fact (S (S k))) with (S (S k) * (S k * fact k))%nat. change (fact (S k)) with (S k * fact k)%nat. rewrite !mult_INR. field. lra.
Qed.
Theorem schoenberg : forall k N (x : nat -> nat -> R) (v : nat -> R), (forall a, (a < N)%nat -> dot (x a) (x a) = 1) ->
  0 <= form N (fun a b => P e k (dot (x a) (x b))) v.
Proof.
  intros k N x v U. destruct (har_product k) as [[c [C1 C2]] _].
  set (h := fun s : nat -> nat => sum N (fun a => v a * fst (har (x a) k) s)).
  assert (E : ip k h h = c * INR (fact k) * form N (fun a b => P e k (dot (x a) (x b))) v).
  { unfold h. rewrite ip_sum. unfold form. rewrite <- sum_scale. apply sum_ext. intros a Ha.
    rewrite (ip_sym k (fst (har (x a) k))), ip_sum, <- !sum_scale. apply sum_ext. intros b Hb.
    rewrite (ip_sym k (fst (har (x b) k))). rewrite C2 by (auto; pose proof (har_right (x b) (U b Hb) k) as W; destruct (har (x b) k); tauto).
    destruct (har_value (x a) (x b) (U a Ha) (U b Hb) k) as [-> _]. unfold P. ring. }
  assert (0 < c * INR (fact k)). { apply Rmult_lt_0_compat; auto. apply lt_0_INR, lt_O_fact. }
  apply Rmult_le_reg_l with (c * INR (fact k)); auto. rewrite <- E, Rmult_0_r. apply ip_nonneg.
Qed.
Lemma dot_bounds : forall y z, dot y y = 1 -> dot z z = 1 -> -1 <= dot y z.
Proof.
  intros. assert (0 <= sum d (fun i => (y i + z i) * (y i + z i))) by (apply sum_nonneg; intros; apply Rle_0_sqr).
  rewrite (sum_ext d _ (fun i => (y i * y i + z i * z i) + 2 * (y i * z i))) in H1 by (intros; ring).
  rewrite sum_plus, sum_plus, sum_scale in H1. unfold dot in *. lra.
Qed.
End Dimension.
End Harmonics.

(* At most B unit vectors in dimension e + 2 have inner products at most p/q. *)
Theorem code_of_points : forall e p q f square rest i j zs G pieces B,
  delsarte_check e (p # q) f square rest i j zs G pieces B = true ->
  forall N (x : nat -> nat -> R), (forall a, (a < N)%nat -> sum (S (S e)) (fun i => x a i * x a i) = 1) ->
  (forall a b, (a < N)%nat -> (b < N)%nat -> a <> b -> sum (S (S e)) (fun i => x a i * x b i) <= IZR p / IZR (Zpos q)) ->
  (Z.of_nat N <= B)%Z.
Proof.
  intros e p q f square rest i j zs G pieces B K N x U A.
  apply (code_bound e (p # q) f square rest i j zs G pieces B K N (fun a b => Harmonics.dot e (x a) (x b))); auto.
  - intros. split; [apply Harmonics.dot_bounds; apply U; auto | exact (A a b H H0 H1)].
  - intros k. pose proof (Harmonics.schoenberg e k N x (fun _ => 1) U) as S. unfold form in S.
    rewrite (sum_ext N _ (fun a => sum N (fun b => P e k (Harmonics.dot e (x a) (x b))))) in S; auto.
    intros. apply sum_ext. intros. ring.
Qed.
